"""The ledger of places: dealt by the programme's basis, moved, given back; a letter for each cell."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.programmes import queries as applications
from yanzhen.engines.programmes import quotas
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.console.results.framing import WAYS, form_page, framed, round_or_404
from yanzhen.faces.http import AccountRequest

BASES = {"even": "平均分配", "workers": "按职工人数", "applications": "按申报件数"}


@page(*WAYS)
def ledger(request: AccountRequest, pk: int) -> HttpResponse:
    """Show the places of each cell; before they are dealt, what they would be measured by, and the form that deals them."""
    round_ = round_or_404(request, pk)
    cells = list(round_.cells.all())
    weights = {} if cells else quotas.measured(round_)
    form = act_form({} if cells else _order_field(), sent(request))
    dealt = form.is_bound and not cells and attempt(form, partial(_deal, request, round_, weights)) is None
    if dealt:
        messages.success(request, gettext("已分配名额"))
        return see_other(reverse("console:results-places", args=[pk]))
    labels, used = quotas.labels_of(round_), dict(quotas.used(round_))
    return framed(
        request, round_, "console:results-places", "console/results/places.html", form=form,
        cells=[(cell, used.get(cell.code, 0)) for cell in cells], total=sum(c.places for c in cells),
        measured=[(labels[code], figure) for code, figure in weights.items()], whole=sum(weights.values()),
        moves=quotas.moves(round_), basis=gettext(BASES[round_.programme.quota.basis]),
        composition=applications.composition(round_),
    )  # fmt: skip


@page(*WAYS)
def moving(request: AccountRequest, pk: int) -> HttpResponse:
    round_ = round_or_404(request, pk)
    cells = {str(cell.pk): cell for cell in round_.cells.all()}
    offered = [EMPTY, *((key, f"{gettext(cell.label)}（{cell.places}）") for key, cell in cells.items())]
    fields = {
        "giver": forms.ChoiceField(label=gettext("调出单元"), choices=offered),
        "taker": forms.ChoiceField(
            label=gettext("调入单元"), choices=offered, help_text=gettext("收回用不完的名额，请调入“预留”")
        ),
        "places": forms.IntegerField(label=gettext("名额"), min_value=1),
        "why": text_field(gettext("理由")),
    }

    def act(given: dict[str, Any]) -> None:
        quotas.move_places(
            cells[given["giver"]],
            cells[given["taker"]],
            given["places"],
            why=given["why"],
            actor=request.user,
        )

    return form_page(
        request, fields, act, label=gettext("调剂名额：%s") % round_, done=gettext("已调剂名额"),
        back=reverse("console:results-places", args=[pk]),
    )  # fmt: skip


@page("GET", "HEAD")
def letter(request: AccountRequest, pk: int, code: str) -> HttpResponse:
    """The letter that tells a cell its places: a page to print."""
    round_ = round_or_404(request, pk)
    cell = next((cell for cell in round_.cells.all() if cell.code == code), None)
    if cell is None:
        raise Http404(gettext("本轮没有这个名额单元"))
    return show(request, "console/results/letter.html", quotas.letter(cell))


def _order_field() -> dict[str, forms.Field]:
    field = forms.CharField(
        label=gettext("并列时的先后（选填）"), required=False, max_length=200,
        help_text=gettext("余数相同时由它决定：按先后写单元名称，用顿号隔开，如“济南市、青岛市”"),
    )  # fmt: skip
    return {"order": field}


def _deal(request: AccountRequest, round_: Any, weights: dict[str, int], given: dict[str, Any]) -> None:
    codes = {label: code for code, label in quotas.labels_of(round_).items()}
    named = [name.strip() for name in given["order"].replace("，", "、").split("、") if name.strip()]
    if unknown := [name for name in named if name not in codes]:
        raise quotas.QuotaRefused(gettext("没有名额单元 %s") % "、".join(unknown))
    quotas.deal(round_, weights, actor=request.user, order=[codes[name] for name in named])
