"""The register of people: masked for everybody; a whole name or number is shown once, for a reason, on record.

Who is looked for by a number sends it by POST: an address stays in logs and in the browser's history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.faces import registers
from yanzhen.faces.console import choices
from yanzhen.faces.console.cells import UNKNOWN, shown
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.keys import CAP, count_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.console.setup.fields import NamedOrganisation, day_field, region_choices
from yanzhen.faces.console.setup.paging import page_by_id
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import region_by_code
from yanzhen.faces.staff import account_names
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account, Person, Region
from yanzhen.foundation.people import (
    REVEALABLE,
    employ,
    end_employment,
    register_person,
    reveal,
    with_number,
)

WAYS = ("GET", "HEAD", "POST")
FACTS = ("id_number_mask", "phone_mask", "sex", "region", "line")
"""Of the date of birth only the year is shown beside them: the whole of it is a part of the number."""


@dataclass(frozen=True, slots=True)
class Look:
    """Who had what of a person shown in full."""

    at: datetime
    who: str
    what: str
    reason: str


class Filters(forms.Form):
    name = forms.CharField(label=_("姓名（开头几个字）"), max_length=64, required=False)
    region = forms.ChoiceField(label=_("行政区划"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [("", gettext("全部")), *choices.regions()]  # type: ignore[attr-defined]


class PersonForm(forms.Form):
    name = forms.CharField(label=_("姓名"), max_length=64)
    id_number = forms.CharField(
        label=_("身份证号（选填）"),
        help_text=_("出生日期和性别从号码读出；号码加密保存"),
        max_length=32,
        required=False,
    )
    phone = forms.CharField(label=_("手机号（选填）"), max_length=32, required=False)
    region = forms.ChoiceField(label=_("行政区划"), choices=region_choices)
    line: forms.ModelChoiceField[Any] = forms.ModelChoiceField(None, label=_("条线"), empty_label=EMPTY[1])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].queryset = registers.department_lines()  # type: ignore[attr-defined]  # a model choice

    def clean_region(self) -> Region | None:
        return region_by_code(self.cleaned_data["region"])


@page(*WAYS)
def listing(request: AccountRequest) -> HttpResponse:
    """List by name and region; what is sent is a number, and finds whom it belongs to."""
    if not request.user.reaches("person.view"):
        raise NotAllowed("您没有“查看人员”权限")
    form, number = Filters(request.GET), _number_form(request)
    rows, status = _narrowed(request, form, number)
    found = page_by_id(rows, request.GET.get("cursor", ""))
    prefetch_related_objects(found.rows, "region", "line")
    employers = registers.employers_of(found.rows)
    context = {
        "form": form,
        "number": number,
        "people": [(person, employers.get(person.pk, [])) for person in found.rows],
        "count": count_of(rows),
        "cap": CAP,
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following)
        if found.following and not number.is_bound
        else "",
        "may_edit": bool(request.user.reaches("person.edit")),
    }
    return show(request, "console/setup/people.html", context, status=status)


@page(*WAYS)
def registering(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches("person.edit"):
        raise NotAllowed("您没有“维护人员”权限")
    made: list[Person] = []
    return _acting(
        request,
        PersonForm(sent(request)),
        lambda given: made.append(register_person(**given, actor=request.user)),
        label=gettext("登记人员"),
        done=gettext("已登记"),
        back=lambda: reverse("console:person", args=[made[0].pk]) if made else reverse("console:people"),
    )


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    account = request.user
    employments = registers.employments_of(person)
    context = {
        "person": person,
        "facts": [
            *((field_of(person, name).verbose_name, shown(person, name)) for name in FACTS),
            (gettext("出生年份"), person.born_on.year if person.born_on else UNKNOWN),
        ],
        "employments": [(e, account.has_right("organisation.view", e.organisation)) for e in employments],
        "may_edit": account.has_right("person.edit", person),
        "may_reveal": account.has_right("person.reveal", person),
        "sees_looks": account.has_right("record.view", person),
        "looks": _looks(person) if account.has_right("record.view", person) else [],
    }
    return show(request, "console/setup/person.html", context)


@page(*WAYS)
def employing(request: AccountRequest, pk: int) -> HttpResponse:
    person = _editable(request, pk)
    fields = {
        "organisation": NamedOrganisation(label=gettext("单位")),
        "post": forms.CharField(label=gettext("岗位（选填）"), max_length=64, required=False),
        "starts_on": day_field(gettext("入职日期")),
    }
    return _acting(
        request,
        act_form(fields, sent(request)),
        lambda given: employ(person, **given, actor=request.user),
        label=gettext("登记任职：%(name)s") % {"name": person},
        done=gettext("已登记任职"),
        back=lambda: reverse("console:person", args=[pk]),
    )


@page(*WAYS)
def ending(request: AccountRequest, pk: int, employment: int) -> HttpResponse:
    person = _editable(request, pk)
    held = registers.employments_of(person).filter(pk=employment).first()
    if held is None:
        raise Http404
    fields = {
        "ends_on": day_field(gettext("离职日期"), help_text=gettext("当日起不再任职")),
        "reason": text_field(gettext("理由")),
    }
    return _acting(
        request,
        act_form(fields, sent(request)),
        lambda given: end_employment(held, **given, actor=request.user),
        label=gettext("结束任职：%(name)s（%(organisation)s）")
        % {"name": person, "organisation": held.organisation},
        done=gettext("已结束任职"),
        back=lambda: reverse("console:person", args=[pk]),
    )


@page(*WAYS)
def revealing(request: AccountRequest, pk: int) -> HttpResponse:
    """Show one field in full on the answer to the form, which no cache keeps; the next look takes a reason again."""
    person = _person(request, pk)
    fields = {
        "field": forms.ChoiceField(label=gettext("查看哪一项"), choices=[EMPTY, *REVEALABLE.items()]),
        "reason": text_field(gettext("查看理由"), help_text=gettext("会记入记录链")),
    }
    form = act_form(fields, sent(request))
    found: list[tuple[str, str]] = []
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: found.append(_revealed(person, given, request.user)))
        status = refusal.status if refusal else 200
    context = {
        "person": person, "form": form, "label": gettext("查看完整信息"), "found": found,
        "back": reverse("console:person", args=[pk]),
    }  # fmt: skip
    return show(request, "console/setup/revealed.html", context, status=status)


def _number_form(request: AccountRequest) -> forms.Form:
    field = forms.CharField(
        label=gettext("完整的身份证号或手机号"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    return act_form({"number": field}, sent(request))


def _narrowed(request: AccountRequest, form: Filters, number: forms.Form) -> tuple[QuerySet[Person], int]:
    """Return whom the forms ask for, and the status: nobody where one of them is wrong."""
    if not form.is_valid():
        return registers.people(request.user).none(), 422
    rows = registers.people(request.user, **form.cleaned_data)
    if not number.is_bound:
        return rows, 200
    wanted: list[Q] = []
    refusal = attempt(number, lambda given: wanted.append(with_number(given["number"])))
    return (rows.none(), refusal.status) if refusal else (rows.filter(*wanted), 200)


def _revealed(person: Person, given: dict[str, Any], actor: Account) -> tuple[str, str]:
    plain = reveal(person, given["field"], actor=actor, reason=given["reason"])
    return REVEALABLE[given["field"]], plain or UNKNOWN


def _looks(person: Person) -> list[Look]:
    """Return who looked at what, when and why: two statements."""
    records = list(registers.looks_at(person))
    names = account_names(record.actor_id for record in records if record.actor_id)
    return [
        Look(
            record.at,
            names.get(record.actor_id or 0, UNKNOWN),
            REVEALABLE.get((record.after or {}).get("field", ""), UNKNOWN),
            record.reason,
        )
        for record in records
    ]


def _acting(
    request: AccountRequest,
    form: forms.Form,
    act: Callable[[dict[str, Any]], object],
    *,
    label: str,
    done: str,
    back: Callable[[], str],
) -> HttpResponse:
    """Show a form; when it is sent, act and go to where `back` says by then."""
    status = 200
    if form.is_bound:
        refusal = attempt(form, act)
        if refusal is None:
            messages.success(request, done)
            return see_other(back())
        status = refusal.status
    context = {"form": form, "label": label, "back": back()}
    return show(request, "console/setup/form.html", context, status=status)


def _person(request: AccountRequest, pk: int) -> Person:
    person = registers.people(request.user).select_related("region", "line").filter(pk=pk).first()
    if person is None:
        raise Http404
    return person


def _editable(request: AccountRequest, pk: int) -> Person:
    person = _person(request, pk)
    if not request.user.has_right("person.edit", person):
        raise NotAllowed("您在该区划和条线没有“维护人员”权限")
    return person
