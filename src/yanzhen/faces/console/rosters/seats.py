"""Seats: who sits where on the telephone, with which skills; edited by administrators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.rosters import queries
from yanzhen.domains.hotline.rosters.actions import seats
from yanzhen.domains.hotline.rosters.models import Seat
from yanzhen.faces import registers
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.pages import page, sent
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.console.rosters.frame import WAYS, act, show_tab
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.models import Account

MOST = 300


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    skills = {skill.code: skill.name for skill in queries.skills()}
    rows = [
        (seat, [skills.get(code, code) for code in seat.skills])
        for seat in queries.seats(request.user)[:MOST]
    ]
    context = {"seats": rows, "may_edit": bool(request.user.reaches(seats.EDIT))}
    return show_tab(request, "console/rosters/seats.html", context, tab="console:seats")


@page(*WAYS)
def one(request: AccountRequest, account: int) -> HttpResponse:
    seat = queries.seats(request.user).filter(account_id=account).first()
    if seat is None:
        raise Http404(gettext("没有这个坐席，或不在您的权限范围内"))
    form = _form(request, seat)
    return _save(
        request, form, lambda _given: seat.account, gettext("坐席 %(seat)s") % {"seat": seat.account}
    )


@page(*WAYS)
def opening(request: AccountRequest) -> HttpResponse:
    form = _form(request, None)
    people: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        registers.accounts(request.user.reaches(seats.EDIT)), label=_("账号"), empty_label=EMPTY[1]
    )
    form.fields = {"account": people, **form.fields}
    return _save(request, form, lambda given: given.pop("account"), gettext("登记坐席"))


def _form(request: AccountRequest, seat: Seat | None) -> forms.Form:
    if not request.user.reaches(seats.EDIT):
        raise NotAllowed("您没有“维护坐席”权限；请由系统管理员办理")
    form = act_form(
        {
            "extension": forms.CharField(label=_("分机号"), max_length=16),
            "address": forms.CharField(
                label=_("SIP 地址"),
                max_length=128,
                help_text=_("电话或软电话的地址，如 sip:8001@10.0.0.5:5060"),
            ),
            "skills": forms.MultipleChoiceField(
                label=_("技能"),
                choices=[(skill.code, skill.name) for skill in queries.skills()],
                help_text=_("按住 Ctrl 可多选"),
                widget=forms.SelectMultiple(attrs={"size": 4}),
            ),
            "active": forms.BooleanField(label=_("启用"), required=False),
        },
        sent(request),
    )
    form.initial = (
        {name: getattr(seat, name) for name in seats.FIELDS}
        if seat
        else {"active": True, "skills": ["general"]}
    )
    return form


def _save(request: AccountRequest, form: forms.Form, whose: Any, label: str) -> HttpResponse:
    def run(given: dict[str, Any]) -> Seat:
        given = dict(given)
        account: Account = whose(given)
        return seats.save_seat(account, **given, actor=request.user)

    return act(request, form, run, label=label, done=gettext("已保存坐席"), back=reverse("console:seats"))
