"""All that closing knows of one case: calls and answers of every round, second looks, marks."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils.translation import gettext

from yanzhen.domains.hotline.closing import queries
from yanzhen.faces.console.closing.marks import MARKS
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.pages import page, show, subject_or_404
from yanzhen.faces.http import AccountRequest


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
    }
    return show(request, "console/closing/history.html", context)
