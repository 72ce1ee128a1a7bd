"""The series of certificate numbers: what became of each serial, and a reason for those nobody has."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.honours import numbers
from yanzhen.engines.honours.declare import TITLES, title_choices
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.honours.frame import WAYS, acting
from yanzhen.faces.console.pages import page, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed

MOST_SHOWN = 100
RIGHTS = ("honour.award", "honour.approve")


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    _demand(request)
    context = {
        "series": [(TITLES[audit.title].label, audit) for audit in numbers.audit()],
        "voided": numbers.voided()[:MOST_SHOWN],
        "may_void": bool(request.user.reaches("honour.approve")),
    }
    return show(request, "console/honours/numbers.html", context)


@page(*WAYS)
def voiding(request: AccountRequest) -> HttpResponse:
    _demand(request)
    fields: dict[str, forms.Field] = {
        "title": forms.ChoiceField(label=gettext("荣誉称号"), choices=[EMPTY, *title_choices()]),
        "year": forms.IntegerField(label=gettext("年度"), min_value=1900, max_value=2200),
        "serial": forms.IntegerField(label=gettext("序号"), min_value=1, max_value=999_999_999),
        "reason": text_field(gettext("作废原因")),
    }

    def act(given: dict[str, Any]) -> None:
        title = TITLES[given["title"]]
        numbers.void(title, given["year"], given["serial"], actor=request.user, reason=given["reason"])

    return acting(
        request, act_form(fields, sent(request)), act,
        label=gettext("说明缺号"), done=gettext("已作废"), back=lambda: reverse("console:honour-numbers"),
    )  # fmt: skip


def _demand(request: AccountRequest) -> None:
    if not any(map(request.user.reaches, RIGHTS)):
        raise NotAllowed("您没有“登记荣誉、签发证书”权限")
