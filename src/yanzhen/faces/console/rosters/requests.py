"""What waits for a second person: leave, with the holes it would make, and swaps that the rule would not confirm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.rosters import queries, rules
from yanzhen.domains.hotline.rosters.actions import leaves, swaps
from yanzhen.domains.hotline.rosters.coverage import folded
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import page, sent
from yanzhen.faces.console.rosters.coverage import SpokenHole, spoken_holes
from yanzhen.faces.console.rosters.frame import WAYS, act, show_tab
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed

DECISIONS = (("yes", _("批准")), ("no", _("不批准")))
MOST = 100


@page("GET", "HEAD")
def waiting(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches("roster.approve"):
        raise NotAllowed("您没有“审批请假与换班”权限；自己的请假和换班在“我的班次”中查看")
    context = {
        "leaves": queries.leaves_to_decide(request.user)[:MOST],
        "swaps": queries.swaps_to_decide(request.user)[:MOST],
    }
    return show_tab(request, "console/rosters/requests.html", context, tab="console:roster-requests")


@page(*WAYS)
def deciding_leave(request: AccountRequest, pk: int) -> HttpResponse:
    leave = queries.leaves_to_decide(request.user).filter(pk=pk).first()
    if leave is None:
        raise Http404(gettext("没有这份待批准的请假，或不在您的权限范围内"))
    opened = queries.off(leave.account_id, leave.starts_at, leave.ends_at).opened
    return _decide(
        request,
        lambda granted, note: leaves.decide_leave(leave, granted=granted, note=note, actor=request.user),
        label=gettext("请假：%(who)s %(span)s")
        % {"who": leave.account, "span": rules.spelled(leave.starts_at, leave.ends_at)},
        holes=spoken_holes(folded(opened, queries.regions()), request.user),
        facts=[leave.reason],
    )


@page(*WAYS)
def deciding_swap(request: AccountRequest, pk: int) -> HttpResponse:
    swap = queries.swaps_to_decide(request.user).filter(pk=pk).first()
    if swap is None:
        raise Http404(gettext("没有这次待确认的换班，或不在您的权限范围内"))
    return _decide(
        request,
        lambda granted, note: swaps.confirm_swap(swap, granted=granted, note=note, actor=request.user),
        label=gettext("换班：%(span)s %(giver)s → %(taker)s")
        % {
            "span": rules.spelled(swap.shift.starts_at, swap.shift.ends_at),
            "giver": swap.giver,
            "taker": swap.taker,
        },
        holes=[],
        facts=swap.concerns,
    )


def _decide(
    request: AccountRequest,
    decide: Callable[[bool, str], object],
    *,
    label: str,
    holes: list[SpokenHole],
    facts: list[str],
) -> HttpResponse:
    form = act_form(
        {
            "decision": forms.ChoiceField(label=_("决定"), choices=DECISIONS),
            "note": text_field(gettext("说明（不批准的必填）"), required=False),
        },
        sent(request),
    )

    def run(given: dict[str, Any]) -> object:
        return decide(given["decision"] == "yes", given["note"])

    back = reverse("console:roster-requests")
    return act(request, form, run, label=label, done=gettext("已决定"), back=back, holes=holes, facts=facts)
