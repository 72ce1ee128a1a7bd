"""How a vote goes, what came out, and the ballots behind what looks arranged; void ones stay on record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes import polls
from yanzhen.engines.programmes.actions import voting
from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.panels import standing
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.panels.sheet import reason_field
from yanzhen.faces.http import AccountRequest

WAYS = ("GET", "HEAD", "POST")
MOST_SHOWN = 500


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    """Turnout at any time; votes and anomalies only when nobody can vote any more, for they tell how it stands."""
    round_, stage = _vote(request, pk)
    over = voting.is_over(round_, stage)
    context = {
        "round": round_,
        "stage": stage,
        "window": round_.window(stage.code),
        "now": timezone.now(),
        "over": over,
        "turnout": polls.turnout(round_, stage),
        "result": (polls.result(round_, stage) or [])[:MOST_SHOWN],
        "anomalies": polls.anomalies(round_, stage) if over else [],
    }
    return show(request, "console/votes/votes.html", context)


@page(*WAYS)
def behind(request: AccountRequest, pk: int, number: str, code: str) -> HttpResponse:
    """The ballots that an anomaly rests on, each to be left out of the count for a reason."""
    round_, stage = _vote(request, pk)
    if code not in polls.LABELS or not voting.is_over(round_, stage):
        raise Http404
    rows = polls.behind(round_, stage, number, code)
    if not rows:
        raise Http404
    form = act_form(
        {
            "ballot": forms.TypedMultipleChoiceField(
                choices=[(row.pk, "") for row in rows if not row.void_reason], coerce=int, required=False
            ),
            "all": forms.BooleanField(label=_("以上全部"), required=False),
            "why": reason_field(_("作废理由")),
        },
        sent(request),
    )
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: _void(request, round_, rows, given))
        if refusal is None:
            messages.success(request, gettext("已作废所选的选票，并重算了得票"))
            return see_other(reverse("console:votes", args=[pk]))
        status = refusal.status
    context = {
        "round": round_, "number": number, "label": polls.LABELS[code], "rows": rows, "form": form,
        "chosen": set(request.POST.getlist("ballot")),
    }  # fmt: skip
    return show(request, "console/votes/behind.html", context, status=status)


def _void(request: AccountRequest, round_: Round, rows: list[Any], given: dict[str, Any]) -> None:
    ticked = set(given["ballot"])
    picked = [row for row in rows if given["all"] or row.pk in ticked]
    voting.void(picked, round_=round_, why=given["why"], actor=request.user)


def _vote(request: AccountRequest, pk: int) -> tuple[Round, Any]:
    """Return a round that the account runs, with its vote that is on or was the last."""
    round_ = standing.run_by(request.user, pk)
    if round_ is None:
        raise Http404(gettext("没有这一轮次，或不由您组织"))
    stage = polls.stage_of(round_)
    if stage is None:
        raise Http404(gettext("本轮没有投票环节"))
    return round_, stage
