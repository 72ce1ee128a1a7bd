"""The register of organisations: found, looked at, registered and edited within reach."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.faces import registers
from yanzhen.faces.console import choices
from yanzhen.faces.console.cells import UNKNOWN, shown
from yanzhen.faces.console.keys import CAP, count_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.console.setup.fields import NamedOrganisation, day_field, region_choices
from yanzhen.faces.console.setup.paging import page_by_id
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import region_by_code
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account, Organisation, Region
from yanzhen.foundation.organisations import save_organisation

WAYS = ("GET", "HEAD", "POST")
FACTS = ("kind", "region", "line", "uscc", "industry", "ownership", "headcount", "valid_to")
BETWEEN = re.compile(r"[、，,；;\n]+")
"""What may stand between two aliases."""


class Filters(forms.Form):
    q = forms.CharField(label=_("名称、别名或统一社会信用代码"), max_length=80, required=False)
    region = forms.ChoiceField(label=_("行政区划"), required=False)
    kind = forms.ChoiceField(
        label=_("类别"), choices=[("", _("全部")), *Organisation.Kind.choices], required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [("", gettext("全部")), *choices.regions()]  # type: ignore[attr-defined]


class OrganisationForm(forms.Form):
    """The fields of an organisation. What is right and wrong about them the action says."""

    name = forms.CharField(label=_("名称"), max_length=128)
    kind = forms.ChoiceField(label=_("类别"), choices=[EMPTY, *Organisation.Kind.choices])
    region = forms.ChoiceField(label=_("行政区划"))
    line: forms.ModelChoiceField[Any] = forms.ModelChoiceField(None, label=_("条线"), empty_label=EMPTY[1])
    uscc = forms.CharField(label=_("统一社会信用代码（选填）"), max_length=32, required=False)
    parent = NamedOrganisation(label=_("上级单位（选填）"), required=False)
    aliases = forms.CharField(
        label=_("别名（选填）"), help_text=_("多个别名用顿号或逗号隔开"), max_length=500, required=False
    )
    industry = forms.CharField(
        label=_("行业代码（选填）"), help_text=_("GB/T 4754 的代码，如 C3411"), max_length=5, required=False
    )
    ownership = forms.ChoiceField(
        label=_("所有制（选填）"), choices=[EMPTY, *Organisation.Ownership.choices], required=False
    )
    headcount = forms.IntegerField(
        label=_("职工人数（选填）"), min_value=0, max_value=2_147_483_647, required=False
    )
    valid_to = day_field(_("停用日期（选填）"), required=False, help_text=_("填写后不再出现在可选单位中"))

    def __init__(self, data: Mapping[str, Any] | None, organisation: Organisation) -> None:
        super().__init__(data, initial=_initial(organisation))
        region = organisation.region if organisation.pk else None
        self.fields["region"].choices = region_choices(region)  # type: ignore[attr-defined]  # a choice
        self.fields["line"].queryset = registers.department_lines()  # type: ignore[attr-defined]  # a model choice
        self.fields["parent"].kept = organisation.parent  # type: ignore[attr-defined]  # ours

    def clean_region(self) -> Region | None:
        return region_by_code(self.cleaned_data["region"])

    def clean_aliases(self) -> list[str]:
        return [word for part in BETWEEN.split(self.cleaned_data["aliases"]) if (word := part.strip())]


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    _demand(request.user, "organisation.view", "查看单位")
    form = Filters(request.GET)
    rows = registers.organisations(request.user, **_narrowing(form) if form.is_valid() else {})
    found = page_by_id(rows if form.is_valid() else rows.none(), request.GET.get("cursor", ""))
    prefetch_related_objects(found.rows, "region", "line")
    context = {
        "form": form,
        "organisations": found.rows,
        "count": count_of(rows) if form.is_valid() else 0,
        "cap": CAP,
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
        "may_edit": bool(request.user.reaches("organisation.edit")),
    }
    return show(request, "console/setup/organisations.html", context, status=200 if form.is_valid() else 422)


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    organisation = _organisation(request, pk)
    parent = organisation.parent
    context = {
        "organisation": organisation,
        "facts": [
            (gettext("单位编号"), pk),
            *((field_of(organisation, name).verbose_name, shown(organisation, name)) for name in FACTS),
            (gettext("别名"), "、".join(organisation.aliases) or UNKNOWN),
            (gettext("在册任职人数"), registers.employed_at(organisation)),
        ],
        "parent": parent,
        "sees_parent": parent and request.user.has_right("organisation.view", parent),
        "children": registers.children_of(organisation, request.user),
        "longest": registers.LONGEST,
        "may_edit": request.user.has_right("organisation.edit", organisation),
    }
    return show(request, "console/setup/organisation.html", context)


@page(*WAYS)
def registering(request: AccountRequest) -> HttpResponse:
    _demand(request.user, "organisation.edit", "维护单位")
    back = reverse("console:organisations")
    return _saving(request, Organisation(), label=gettext("登记单位"), done=gettext("已登记"), back=back)


@page(*WAYS)
def editing(request: AccountRequest, pk: int) -> HttpResponse:
    organisation = _organisation(request, pk)
    if not request.user.has_right("organisation.edit", organisation):
        raise NotAllowed(f"您在{organisation.region}、{organisation.line}没有“维护单位”权限")
    label = gettext("修改单位：%(name)s") % {"name": organisation}
    back = reverse("console:organisation", args=[pk])
    return _saving(request, organisation, label=label, done=gettext("已保存"), back=back)


def _saving(
    request: AccountRequest, organisation: Organisation, *, label: str, done: str, back: str
) -> HttpResponse:
    form = OrganisationForm(sent(request), organisation)
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: save_organisation(organisation, actor=request.user, **given))
        if refusal is None:
            messages.success(request, done)
            return see_other(reverse("console:organisation", args=[organisation.pk]))
        status = refusal.status
    context = {"form": form, "label": label, "back": back}
    return show(request, "console/setup/form.html", context, status=status)


def _narrowing(form: Filters) -> dict[str, str]:
    given = form.cleaned_data
    return {"text": given["q"], "region": given["region"], "kind": given["kind"]}


def _initial(organisation: Organisation) -> dict[str, Any]:
    """What an edit starts from; nothing for a new organisation."""
    if not organisation.pk:
        return {}
    same = ("name", "kind", "uscc", "industry", "ownership", "headcount", "valid_to")
    return {
        **{name: getattr(organisation, name) for name in same},
        "region": organisation.region_id,
        "line": organisation.line_id,
        "parent": organisation.parent.name if organisation.parent else "",
        "aliases": "、".join(organisation.aliases),
    }


def _demand(account: Account, right: str, label: str) -> None:
    if not account.reaches(right):
        raise NotAllowed(f"您没有“{label}”权限")


def _organisation(request: AccountRequest, pk: int) -> Organisation:
    rows = registers.organisations(request.user)
    organisation = rows.select_related("region", "line", "parent").filter(pk=pk).first()
    if organisation is None:
        raise Http404
    return organisation
