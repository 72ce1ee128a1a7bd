"""All that closing knows of one case: calls and answers of every round, second looks, marks."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.domains.hotline.closing import actions, queries
from yanzhen.faces.console.closing.marks import MARKS
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.pages import page, see_other, show, subject_or_404
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Refusal


@page("GET", "HEAD")
def history(request: AccountRequest, number: str) -> HttpResponse:
    case = subject_or_404(request, CASES, number)
    if not CASES.tells(request.user, case):
        raise Http404("本件要求保密，您只能查看自己的协办单")
    past = queries.past(case)  # type: ignore[arg-type]  # the desk's subjects are cases
    may_propose = any(request.user.has_right(right, case) for right in ("case.handle", "case.call_back"))
    context = {
        "case": case,
        "desk": CASES,
        "marks_desk": MARKS,
        "past": past,
        "label": gettext("回访与评价"),
        "may_propose": may_propose,
        "may_adopt": past.adoptable and request.user.has_right(actions.CHECK, case),
    }
    return show(request, "console/closing/history.html", context)


@page("POST")
def adopting(request: AccountRequest, number: str) -> HttpResponse:
    """Let what the caller said online stand on the case in place of what was told by telephone."""
    case = subject_or_404(request, CASES, number)
    try:
        actions.adopt_answer(case, actor=request.user)  # type: ignore[arg-type]  # as above
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, gettext("已采用网上评价，记入办理记录"))
    return see_other(reverse("console:closing-history", args=[number]))
