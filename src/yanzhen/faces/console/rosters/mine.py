"""My shifts: what is to come, leave, swaps offered and asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.rosters import queries, rules
from yanzhen.domains.hotline.rosters.actions import leaves, swaps
from yanzhen.domains.hotline.rosters.models import Shift, Swap
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.pages import page, see_other, sent
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.console.rosters import frame
from yanzhen.faces.console.rosters.frame import WAYS, act
from yanzhen.faces.http import AccountRequest

BACK = timedelta(days=1)
"""How long an ended shift stays on the page, for its hand-over."""


@page("GET", "HEAD")
def mine(request: AccountRequest) -> HttpResponse:
    now = timezone.now()
    rows = queries.mine(request.user, now - BACK)
    running = next((row for row in rows if row.starts_at <= now < row.ends_at), None)
    next_ = running or next((row for row in rows if row.starts_at > now), None)
    swaps_ = queries.my_swaps(request.user)
    context = {
        "running": running,
        "presence": queries.presence_of(request.user),
        "ended": [row for row in rows if row.ends_at <= now],
        "coming": [row for row in rows if row.starts_at > now],
        "notes": queries.hand_overs_for(next_) if next_ else [],
        "asked": [
            swap for swap in swaps_ if swap.taker_id == request.user.pk and swap.status == Swap.Status.OFFERED
        ],
        "given": [swap for swap in swaps_ if swap.giver_id == request.user.pk],
        "leaves": queries.my_leaves(request.user),
    }
    return frame.show_tab(request, "console/rosters/mine.html", context, tab="console:my-shifts")


@page(*WAYS)
def asking_leave(request: AccountRequest) -> HttpResponse:
    form = act_form(
        {
            "start": frame.moment_field(_("开始")),
            "end": frame.moment_field(_("结束（不含此刻）")),
            "reason": forms.CharField(label=_("事由"), max_length=200),
        },
        sent(request),
    )
    start = frame.asked_moment(request, "start")
    form.initial = {"start": start, "end": frame.asked_moment(request, "end")}
    return act(
        request,
        form,
        lambda given: leaves.ask_leave(
            given["start"], given["end"], reason=given["reason"], actor=request.user
        ),
        label=gettext("请假"),
        done=gettext("已提交，待另一人批准；批准前班次不变"),
        back=reverse("console:my-shifts"),
    )


@page("POST")
def withdrawing_leave(request: AccountRequest, pk: int) -> HttpResponse:
    leave = next((row for row in queries.my_leaves(request.user) if row.pk == pk), None)
    if leave is None:
        raise Http404
    leaves.withdraw_leave(leave, actor=request.user)
    messages.success(request, gettext("已撤回请假"))
    return see_other(reverse("console:my-shifts"))


@page(*WAYS)
def offering_swap(request: AccountRequest, pk: int) -> HttpResponse:
    row = own_shift(request, pk)
    taker: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queries.colleagues(row), label=_("换给"), empty_label=EMPTY[1]
    )
    form = act_form({"taker": taker}, sent(request))
    return act(
        request,
        form,
        lambda given: swaps.offer_swap(row, taker=given["taker"], actor=request.user),
        label=gettext("换班：%(span)s") % {"span": rules.spelled(row.starts_at, row.ends_at)},
        done=gettext("已发给同事，对方接受后生效；接受前班次仍是您的"),
        back=reverse("console:my-shifts"),
    )


@page("POST")
def answering_swap(request: AccountRequest, pk: int, word: str) -> HttpResponse:
    """Accept or decline what one is offered, or withdraw what one offered."""
    swap = next((row for row in queries.my_swaps(request.user) if row.pk == pk), None)
    if swap is None or word not in {"accept", "decline", "withdraw"}:
        raise Http404
    if word == "withdraw":
        done = swaps.withdraw_swap(swap, actor=request.user)
    else:
        done = swaps.answer_swap(swap, accepted=word == "accept", actor=request.user)
    messages.success(request, gettext("换班：%(status)s") % {"status": gettext(done.get_status_display())})
    for concern in done.concerns:
        messages.warning(request, concern)
    return see_other(reverse("console:my-shifts"))


def own_shift(request: AccountRequest, pk: int) -> Shift:
    row = queries.my_shift(request.user, pk)
    if row is None:
        raise Http404(gettext("没有这个班次，或不是您的班次"))
    return row
