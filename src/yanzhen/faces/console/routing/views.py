"""The routing table for people: what goes where and why, and a change tried on the cases of late before it is made."""

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

from yanzhen.domains.hotline.routing import actions, queries, table
from yanzhen.faces import staff
from yanzhen.faces.console import choices
from yanzhen.faces.console.forms import text_field
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.pickers import EMPTY, bodies_field
from yanzhen.faces.console.themes import CategoryCodeField
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import lines, region_names, regions_in_force
from yanzhen.foundation.models import Account

WAYS = ("GET", "HEAD", "POST")


class Question(forms.Form):
    """Where would this go?"""

    region = forms.ChoiceField(label=_("行政区划"), choices=lambda: [choices.province(), *choices.regions()])
    category = CategoryCodeField(label=_("诉求类别"), choices=choices.themes, required=False)


class RouteForm(forms.Form):
    region = forms.ModelChoiceField(regions_in_force(), label=_("行政区划"))
    category = CategoryCodeField(label=_("诉求类别"), choices=choices.themes, required=False)
    line = forms.ModelChoiceField(lines(), label=_("条线"))
    valid_from = forms.DateField(label=_("生效日期"), widget=forms.DateInput(attrs={"type": "date"}))
    source = forms.CharField(label=_("来源（文件名称、文号）"), max_length=200)

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [EMPTY, choices.province(), *choices.regions()]  # type: ignore[attr-defined]
        body = bodies_field(staff.within(actions.may_edit(account)))
        body.label = gettext("承办单位（不选为该条线属地最近的单位）")
        body.required = False
        self.fields["organisation"] = body
        self.order_fields(["region", "category", "line", "organisation", "valid_from", "source"])


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    """The rows in force and to come, with the answer to "where would this go?" above them."""
    question = Question(request.GET or None)
    decision = None
    if question.is_bound and question.is_valid():
        given = question.cleaned_data
        decision = table.find(given["region"], given["category"], on=timezone.localdate())
    names = table.names()
    rows = [(route, names.get(route.category, route.category)) for route in queries.routes()]
    return show(
        request,
        "console/routing/list.html",
        {
            "question": question,
            "decision": decision,
            "rows": rows,
            "today": timezone.localdate(),
            "may_edit": bool(actions.may_edit(request.user)),
        },
    )


@page(*WAYS)
def changing(request: AccountRequest) -> HttpResponse:
    """A new row: first tried on the cases of the last days, then put into the table."""
    form = RouteForm(request.user, sent(request), initial={"valid_from": timezone.localdate()})
    shifts: list[queries.Shift] | None = None
    status = 200
    if form.is_bound:
        found: list[queries.Shift] = []

        def act(given: dict[str, Any]) -> None:
            route = actions.draft(**given)
            actions.demand_right(request.user, route.region_id)
            if "save" in request.POST:
                actions.set_route(route, actor=request.user)
            else:
                found.extend(queries.simulate(request.user, [table.row_of(route)]))

        refusal = attempt(form, act)
        if refusal is None and "save" in request.POST:
            messages.success(request, gettext("已设定派单规则"))
            return see_other(reverse("console:routes"))
        shifts = None if refusal else found
        status = refusal.status if refusal else 200
    names = region_names({shift.region for shift in shifts or ()})
    context = {
        "form": form,
        "tried": shifts is not None,
        "shifts": [(names.get(shift.region, shift.region), shift) for shift in (shifts or ())[:100]],
        "total": sum(shift.count for shift in shifts or ()),
        "days": queries.SIMULATED_DAYS,
    }
    return show(request, "console/routing/change.html", context, status=status)


@page(*WAYS)
def ending(request: AccountRequest, pk: int) -> HttpResponse:
    route = queries.one(pk)
    if route is None or not any(
        r.covers(route.region_id, actions.LINE) for r in actions.may_edit(request.user)
    ):
        raise Http404
    form = forms.Form(sent(request), initial={"on": timezone.localdate() + timedelta(days=1)})
    form.fields["on"] = forms.DateField(
        label=gettext("停用日期（不含当日）"), widget=forms.DateInput(attrs={"type": "date"})
    )
    form.fields["reason"] = text_field(gettext("停用理由"))
    status = 200
    if form.is_bound:
        refusal = attempt(
            form,
            lambda given: actions.end_route(
                route, actor=request.user, on=given["on"], reason=given["reason"]
            ),
        )
        if refusal is None:
            messages.success(request, gettext("已停用派单规则"))
            return see_other(reverse("console:routes"))
        status = refusal.status
    context = {"form": form, "route": route, "row": table.row_of(route)}
    return show(request, "console/routing/end.html", context, status=status)
