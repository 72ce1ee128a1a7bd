"""Moves and other acts on one subject: a page with a form each, refused in the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.procedures import parties, queries
from yanzhen.engines.procedures.engine import advance, outlook
from yanzhen.engines.procedures.models import Clock
from yanzhen.faces.console import acts, pickers
from yanzhen.faces.console.cells import cells
from yanzhen.faces.console.desk import Desk
from yanzhen.faces.console.detail import parts_of
from yanzhen.faces.console.forms import act_form, changes_of, move_form, text_field
from yanzhen.faces.console.pages import act_page, page, see_other, sent, show, subject_or_404
from yanzhen.faces.http import AccountRequest

WAYS = ("GET", "HEAD", "POST")


@page(*WAYS)
def move(request: AccountRequest, desk: Desk, number: str, code: str) -> HttpResponse:
    row = subject_or_404(request, desk, number)
    option = next((o for o in outlook(row, actor=request.user) if o.transition.code == code), None)
    transition = (
        option.transition if option else next((t for t in row.procedure.transitions if t.code == code), None)
    )
    if transition is None:
        raise Http404
    if code in desk.own_pages and option and option.open:
        return see_other(reverse(desk.own_pages[code], args=[number]))
    form = move_form(desk, transition, account=request.user, row=row, data=sent(request))
    if request.method != "POST" and (option is None or not option.open):
        reasons = option.reasons if option else [f"{row.number} 现为“{row.stage.label}”，不能进行这一步"]
        context = {"desk": desk, "row": row, "label": gettext(transition.label), "reasons": reasons}
        return show(request, "console/act.html", context, status=409)

    def act(given: dict[str, Any]) -> None:
        changes = changes_of(form, transition)
        advance(row, code, actor=request.user, note=given["note"], seen=given["seen"], **changes)

    facts = [
        cell for section in desk.sections[:1] for cell in cells(desk, row, section.columns, request.user)
    ]
    return act_page(
        request, desk, row, form, act,
        label=gettext(transition.label), done=gettext("已办理：%s") % gettext(transition.label), facts=facts,
        advised=[desk.advice[name](row) for name in (*transition.fields, *transition.optional) if name in desk.advice],
        suggestions=desk.suggested(transition, request.user, row),
    )  # fmt: skip


@page(*WAYS)
def refer(request: AccountRequest, desk: Desk, number: str) -> HttpResponse:
    row = subject_or_404(request, desk, number)
    body = pickers.referral_field(request.user, row)
    body.label = gettext("协办单位")
    form = act_form({"organisation": body, "demand": text_field(gettext("办理要求"))}, sent(request))
    return act_page(
        request, desk, row, form,
        lambda given: parties.refer(row, given["organisation"], actor=request.user, demand=given["demand"]),
        label=gettext("转办协办"), done=gettext("已转办"),
    )  # fmt: skip


@page(*WAYS)
def on_clock(request: AccountRequest, desk: Desk, number: str, pk: int, code: str) -> HttpResponse:
    row = subject_or_404(request, desk, number)
    clock: Clock = _found(queries.clocks(row), pk)
    return _act(request, desk, row, acts.CLOCK_ACTS, code, clock)


@page(*WAYS)
def on_stay(request: AccountRequest, desk: Desk, number: str, pk: int, code: str) -> HttpResponse:
    row = subject_or_404(request, desk, number)
    return _act(request, desk, row, acts.STAY_ACTS, code, _found(queries.stays(row), pk))


@page(*WAYS)
def on_party(request: AccountRequest, desk: Desk, number: str, pk: int, code: str) -> HttpResponse:
    row = subject_or_404(request, desk, number)
    return _act(request, desk, row, acts.PARTY_ACTS, code, _found(parts_of(desk, row, request.user), pk))


def _act(
    request: AccountRequest, desk: Desk, row: Any, declared: Mapping[str, acts.Act], code: str, target: Any
) -> HttpResponse:
    if code not in declared:
        raise Http404
    act = declared[code]
    form = act_form(act.fields(), sent(request))
    return act_page(
        request, desk, row, form, lambda given: act.do(target, request.user, given),
        label=act.label, done=act.done, about=target,
    )  # fmt: skip


def _found(rows: Any, pk: int) -> Any:
    found = next((row for row in rows if row.pk == pk), None)
    if found is None:
        raise Http404
    return found
