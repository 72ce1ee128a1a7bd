"""Trunks: made and closed by administrators; token and secret are shown once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.calls import queries
from yanzhen.domains.hotline.calls.actions import close_trunk, open_trunk
from yanzhen.domains.hotline.calls.models import Trunk
from yanzhen.faces.console import choices
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import region_by_code
from yanzhen.foundation.errors import Invalid

WAYS = ("GET", "HEAD", "POST")


class TrunkForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=64)
    region = forms.ChoiceField(
        label=_("所在区划"),
        help_text=_("看不出来电属地的，归这里"),
        choices=lambda: [EMPTY, choices.province(), *choices.regions()],
    )
    machines = forms.CharField(
        label=_("应答设备"),
        help_text=_("不算接听的应答号码，如语音信箱；多个用逗号分开"),
        initial="voicemail",
        max_length=200,
        required=False,
    )
    signed = forms.BooleanField(
        label=_("要求签名"), help_text=_("交换机能发请求头的应勾选；否则令牌是唯一的凭据"), required=False
    )


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    _demand(request)
    rows = queries.trunks(request.user)
    return show(request, "console/calls/trunks.html", {"trunks": rows, "wrong": queries.wrong_tokens_today()})


@page(*WAYS)
def opening(request: AccountRequest) -> HttpResponse:
    _demand(request)
    form = TrunkForm(sent(request))
    made: list[tuple[Trunk, str, str]] = []
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: made.append(_open(given, request)))
        status = refusal.status if refusal else 200
    context: dict[str, Any] = {"form": form, "label": gettext("新建中继"), "back": reverse("console:trunks")}
    if made:
        trunk, token, secret = made[0]
        address = request.build_absolute_uri(reverse("cti:events", args=[token]))
        context |= {"trunk": trunk, "address": address, "secret": secret}
    return show(request, "console/calls/trunk.html", context, status=status)


@page(*WAYS)
def closing(request: AccountRequest, pk: int) -> HttpResponse:
    trunk = queries.trunks(request.user).filter(pk=pk, active=True).first()
    if trunk is None:
        raise Http404
    form = act_form({"reason": text_field(gettext("停用理由"))}, sent(request))
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: close_trunk(trunk, actor=request.user, reason=given["reason"]))
        if refusal is None:
            messages.success(request, gettext("已停用，不再接收它的事件"))
            return see_other(reverse("console:trunks"))
        status = refusal.status
    context = {
        "form": form,
        "label": gettext("停用中继：%s") % trunk,
        "back": reverse("console:trunks"),
    }
    return show(request, "console/setup/form.html", context, status=status)


def _open(given: dict[str, Any], request: AccountRequest) -> tuple[Trunk, str, str]:
    region = region_by_code(given["region"])
    if region is None:
        raise Invalid("没有这个行政区划", fields={"region": "没有此代码"})
    named = given["machines"].replace("，", ",").split(",")
    return open_trunk(
        given["name"],
        region,
        actor=request.user,
        signed=given["signed"],
        machines=[name.strip() for name in named if name.strip()],
    )


def _demand(request: AccountRequest) -> None:
    if not request.user.reaches("trunk.edit"):
        raise Http404
