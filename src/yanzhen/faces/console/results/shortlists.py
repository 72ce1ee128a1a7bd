"""The rounds whose results are prepared here; a shortlist run, read reason by reason, and adopted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.programmes.results import queries
from yanzhen.engines.programmes.results.works import SHORTLIST_ADOPT, SHORTLIST_RUN
from yanzhen.engines.programmes.works.asking import ask
from yanzhen.faces.console.forms import text_field
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import page, see_other, show
from yanzhen.faces.console.results.framing import WAYS, form_page, framed, round_or_404
from yanzhen.faces.console.works import ASKED, standing
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Refusal

SIZE = 50
MOST_ROUNDS = 100


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    rounds = list(queries.rounds(request.user)[:MOST_ROUNDS])
    return show(request, "console/results/rounds.html", {"rounds": rounds})


@page("GET", "HEAD")
def shortlist(request: AccountRequest, pk: int) -> HttpResponse:
    """Show a run, the newest where none is asked for: who is on it, and of the others why not."""
    round_ = round_or_404(request, pk)
    runs = list(queries.runs(round_)[:20])
    asked = request.GET.get("run", "")
    run = next((run for run in runs if str(run.pk) == asked), runs[0] if runs else None)
    if asked and (run is None or str(run.pk) != asked):
        raise Http404(gettext("本轮没有这份名单"))
    left = request.GET.get("left") == "1"
    after = request.GET.get("after", "")
    last = int(after) if after.isdecimal() else 0
    seats = list(queries.seats(run, chosen=not left, after=last)[: SIZE + 1]) if run else []
    return framed(
        request, round_, "console:results-shortlist", "console/results/shortlist.html", runs=runs, run=run, left=left,
        seats=seats[:SIZE],
        counts=queries.counts(run) if run else {}, in_stage=round_.stage_now.kind == "shortlist",
        newest=runs[0] if runs else None, **standing(round_, SHORTLIST_RUN, SHORTLIST_ADOPT),
        previous=with_(request.GET, after="") if after else "",
        following=with_(request.GET, after=str(seats[SIZE - 1].pk)) if len(seats) > SIZE else "",
    )  # fmt: skip


@page("POST")
def running(request: AccountRequest, pk: int) -> HttpResponse:
    round_ = round_or_404(request, pk)
    try:
        ask(round_, SHORTLIST_RUN, actor=request.user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return see_other(reverse("console:results-shortlist", args=[pk]))


@page(*WAYS)
def adopting(request: AccountRequest, pk: int) -> HttpResponse:
    round_ = round_or_404(request, pk)
    run = queries.runs(round_).first()
    if run is None:
        raise Http404(gettext("还没有运行过入围名单"))
    counts = queries.counts(run)
    help_text = gettext("%(on)s 件列入，%(off)s 件未入围并各自读到理由；采用后不能撤回，只能经异议更换")
    fields = {"note": text_field(gettext("说明（选填）"), required=False, help_text=help_text % counts)}

    def act(given: dict[str, Any]) -> None:
        ask(round_, SHORTLIST_ADOPT, actor=request.user, run=run.pk, note=given["note"])

    return form_page(
        request, fields, act, label=gettext("采用入围名单：%s") % round_, done=gettext(ASKED),
        back=reverse("console:results-shortlist", args=[pk]),
    )  # fmt: skip
