"""A new check code for who lost theirs or was never told one: made for a reason, shown once."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils.translation import gettext

from yanzhen.faces.console.desk import Desk
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import attempt, page, sent, show, subject_or_404
from yanzhen.faces.http import AccountRequest


@page("GET", "HEAD", "POST")
def reissue(request: AccountRequest, desk: Desk, number: str) -> HttpResponse:
    row = subject_or_404(request, desk, number)
    if desk.reissue is None:
        raise Http404
    issue = desk.reissue
    help_text = gettext("写明怎样核对了身份，如“来电号码与登记一致”；会记入办理记录")
    form = act_form({"reason": text_field(gettext("补发理由"), help_text=help_text)}, sent(request))
    codes: list[str] = []
    status = 200
    if form.is_bound:
        refusal = attempt(
            form, lambda given: codes.append(issue(row, actor=request.user, reason=given["reason"]))
        )
        status = refusal.status if refusal else 200
    context = {"desk": desk, "row": row, "form": form, "codes": codes}
    return show(request, "console/reissue.html", context, status=status)
