"""Programmes as staff keep them: presets to copy, versions, what changed between two, opening a round."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.engines.programmes import queries
from yanzhen.engines.programmes.actions import editing
from yanzhen.engines.programmes.declare import PROGRAMMES
from yanzhen.engines.programmes.differences import described, differences
from yanzhen.engines.programmes.models import Definition
from yanzhen.faces.console import choices, pickers
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.programmes.rounds import MomentField
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import regions_in_force

WAYS = ("GET", "HEAD", "POST")
EDIT = "programme.edit"


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    context = {
        "rows": queries.latest(request.user),
        "presets": list(PROGRAMMES),
        "may_edit": bool(request.user.reaches(EDIT)),
    }
    return show(request, "console/programmes/list.html", context)


@page(*WAYS)
def copying(request: AccountRequest, code: str) -> HttpResponse:
    """Make the first version of a programme from a preset, or a further one where it was changed meanwhile."""
    if code not in PROGRAMMES:
        raise Http404
    form = act_form({"region": _region_field()}, sent(request))
    made: list[Definition] = []
    status = 200
    if form.is_bound:
        refusal = attempt(
            form,
            lambda given: made.append(editing.copy_preset(code, region=given["region"], actor=request.user)),
        )
        if refusal is None:
            messages.success(request, gettext("已复制，可以修改后启动"))
            return see_other(reverse("console:definition", args=[made[0].pk]))
        status = refusal.status
    context = {
        "form": form,
        "label": gettext("复制预设：%s") % PROGRAMMES[code].label,
        "parts": described(PROGRAMMES[code]),
    }
    return show(request, "console/programmes/act.html", context, status=status)


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    definition = found(request, pk)
    versions = list(queries.definitions(request.user).filter(code=definition.code))
    return show(
        request,
        "console/programmes/definition.html",
        {
            "definition": definition,
            "parts": described(definition.programme),
            "versions": versions,
            "newest": versions[0],
            "rounds": list(queries.rounds(request.user).filter(definition__code=definition.code)),
            "may_edit": request.user.has_right(EDIT, definition),
            "may_run": bool(request.user.reaches("round.run")),
        },
    )


@page("GET", "HEAD")
def difference(request: AccountRequest, pk: int, other: int) -> HttpResponse:
    """What the version `pk` changed of the version `other` of the same programme, in words."""
    after, before = found(request, pk), found(request, other)
    if after.code != before.code:
        raise Http404
    context = {
        "definition": after,
        "before": before,
        "sentences": differences(before.programme, after.programme),
    }
    return show(request, "console/programmes/difference.html", context)


@page(*WAYS)
def opening(request: AccountRequest, pk: int) -> HttpResponse:
    """Open a round: from here on its rule is frozen."""
    definition = found(request, pk)
    now = timezone.localtime()
    form = forms.Form(
        sent(request),
        initial={
            "year": now.year,
            "region": definition.region_id,
            "starts_at": now.replace(hour=0, minute=0),
        },
    )
    form.fields["label"] = forms.CharField(
        label=gettext("名称（选填）"), max_length=80, required=False,
        help_text=gettext("不填为“年度+方案名称”；同一年度再开一轮须另取名称"),
    )  # fmt: skip
    form.fields["year"] = forms.IntegerField(label=gettext("年度"), min_value=2000, max_value=2100)
    form.fields["region"] = _region_field()
    form.fields["starts_at"] = MomentField(
        label=gettext("申报开始"), help_text=gettext("自当日零时起；各环节按计划天数依次排定，启动后可以调整")
    )
    opened: list[Any] = []
    status = 200
    if form.is_bound:
        refusal = attempt(
            form, lambda given: opened.append(editing.open_round(definition, actor=request.user, **given))
        )
        if refusal is None:
            messages.success(request, gettext("已启动，规则已冻结"))
            return see_other(reverse("console:round", args=[opened[0].pk]))
        status = refusal.status
    context = {
        "form": form, "definition": definition, "label": gettext("启动一轮：%s") % definition,
        "parts": described(definition.programme),
    }  # fmt: skip
    return show(request, "console/programmes/act.html", context, status=status)


def found(request: AccountRequest, pk: int) -> Definition:
    """Return the version, if the account may see it."""
    definition = queries.definitions(request.user).filter(pk=pk).first()
    if definition is None:
        raise Http404
    return definition


def _region_field() -> forms.Field:
    field = pickers.row_field(regions_in_force(), [choices.province(), *choices.regions()])
    field.label = gettext("行政区划")
    return field
