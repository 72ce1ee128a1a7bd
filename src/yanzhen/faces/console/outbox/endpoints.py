"""The systems that are told: registered, tried, given a new key and shut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.faces import registers
from yanzhen.faces.console import choices
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.outbox.deliveries import demand_view
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import region_by_code
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Region
from yanzhen.foundation.outbox.declare import NOTICES
from yanzhen.foundation.outbox.deliveries import deliveries_of
from yanzhen.foundation.outbox.endpoints import (
    EDIT,
    endpoints_of,
    outward_kinds,
    register_endpoint,
    rotate_secret,
    send_test,
    switch,
)
from yanzhen.foundation.outbox.models import Endpoint

WAYS = ("GET", "HEAD", "POST")
RECENT = 10


class EndpointForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=64, help_text=_("例如：省一体化平台"))
    url = forms.CharField(
        label=_("地址"),
        max_length=300,
        help_text=_("https:// 开头的最终地址；内网地址须由系统管理员先列入 YANZHEN_OUTBOX_HOSTS"),
    )
    kinds = forms.MultipleChoiceField(label=_("通知类别"), widget=forms.CheckboxSelectMultiple)
    region = forms.ChoiceField(label=_("行政区划（含其下级）"))
    line: forms.ModelChoiceField[Any] = forms.ModelChoiceField(None, label=_("条线"), empty_label=EMPTY[1])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [(n.code, gettext(n.label)) for n in outward_kinds()]  # type: ignore[attr-defined]
        self.fields["region"].choices = [EMPTY, choices.province(), *choices.regions()]  # type: ignore[attr-defined]
        self.fields["line"].queryset = registers.department_lines()  # type: ignore[attr-defined]  # a model choice

    def clean_region(self) -> Region | None:
        return region_by_code(self.cleaned_data["region"])


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    demand_view(request.user)
    context = {
        "endpoints": list(endpoints_of(request.user)),
        "may_edit": bool(request.user.reaches(EDIT)),
    }
    return show(request, "console/outbox/endpoints.html", context)


@page(*WAYS)
def registering(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches(EDIT):
        raise NotAllowed("您没有“维护通知接收端、重新投递”权限")
    return _shown_once(
        request,
        EndpointForm(sent(request)),
        lambda given: register_endpoint(**given, actor=request.user)[1],
        label=gettext("登记接收端"),
        back=reverse("console:endpoints"),
    )


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    kinds = [gettext(NOTICES[k].label) if k in NOTICES else k for k in endpoint.kinds]
    context = {
        "endpoint": endpoint,
        "facts": [
            (gettext("地址"), endpoint.url),
            (gettext("通知类别"), "、".join(kinds)),
            (gettext("行政区划（含其下级）"), endpoint.region),
            (gettext("条线"), endpoint.line),
        ],
        "recent": deliveries_of(request.user, endpoint=pk)[:RECENT],
        "may_edit": request.user.has_right(EDIT, endpoint),
    }
    return show(request, "console/outbox/endpoint.html", context)


@page(*WAYS)
def rotating(request: AccountRequest, pk: int) -> HttpResponse:
    """Ask first: from then on the receiver knows our notices by the new key alone."""
    endpoint = _editable(request, pk)
    return _shown_once(
        request,
        act_form({}, sent(request)),
        lambda _given: rotate_secret(endpoint, actor=request.user),
        label=gettext("更换签名密钥：%s") % endpoint,
        back=reverse("console:endpoint", args=[pk]),
    )


@page(*WAYS)
def switching(request: AccountRequest, pk: int) -> HttpResponse:
    endpoint = _editable(request, pk)
    form = act_form({"reason": text_field(gettext("理由"))}, sent(request))
    back, status = reverse("console:endpoint", args=[pk]), 200
    active = not endpoint.active
    if form.is_bound:
        refusal = attempt(
            form, lambda given: switch(endpoint, actor=request.user, active=active, reason=given["reason"])
        )
        if refusal is None:
            messages.success(request, gettext("已启用") if active else gettext("已停用，待投递的通知保留"))
            return see_other(back)
        status = refusal.status
    label = gettext("启用接收端：%s") if active else gettext("停用接收端：%s")
    context = {"form": form, "label": label % endpoint, "back": back}
    return show(request, "console/setup/form.html", context, status=status)


@page("POST")
def testing(request: AccountRequest, pk: int) -> HttpResponse:
    endpoint = _editable(request, pk)
    back = see_other(reverse("console:endpoint", args=[pk]))
    try:
        send_test(endpoint, actor=request.user)
    except Invalid as refusal:
        messages.error(request, refusal.message)
        return back
    messages.success(request, gettext("测试通知已发出，结果见下方最近的投递"))
    return back


def _shown_once(
    request: AccountRequest, form: forms.Form, act: Callable[[dict[str, Any]], str], *, label: str, back: str
) -> HttpResponse:
    """Show a form; when it is sent, act and show the key that came of it, this once."""
    keys: list[str] = []
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: keys.append(act(given)))
        status = refusal.status if refusal else 200
    context = {"form": form, "label": label, "back": back, "key": keys[0] if keys else ""}
    return show(request, "console/outbox/secret.html", context, status=status)


def _endpoint(request: AccountRequest, pk: int) -> Endpoint:
    endpoint = endpoints_of(request.user).filter(pk=pk).first()
    if endpoint is None:
        raise Http404
    return endpoint


def _editable(request: AccountRequest, pk: int) -> Endpoint:
    endpoint = _endpoint(request, pk)
    if not request.user.has_right(EDIT, endpoint):
        raise NotAllowed("您在该区划和条线没有“维护通知接收端、重新投递”权限")
    return endpoint
