"""Objecting to a notice, by name or anonymously, and reading the reply with number and check code."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from yanzhen.engines.programmes.notices import actions, queries
from yanzhen.engines.programmes.notices.models import Notice, Objection
from yanzhen.faces.portal import visitors
from yanzhen.faces.portal.forms import TAKEN, FilesField, FilesInput, TrackForm
from yanzhen.faces.portal.visitors import public
from yanzhen.foundation import limits
from yanzhen.foundation.errors import Invalid, Refusal, TooMany

VERBS = ("GET", "HEAD", "POST")
RECEIPT = "objection"
SALT = "yanzhen.portal.objection"
RECEIPT_SECONDS = 1800
SELF = "self"
"""The choice of somebody who is not on the list and objects to that."""


class ObjectionForm(forms.Form):
    about = forms.ChoiceField(label=_("对谁提出异议"))
    number = forms.CharField(
        label=_("本人申报编号（选填）"), max_length=40, required=False,
        help_text=_("只有“本人未列入名单”时填写"),
    )  # fmt: skip
    ground = forms.ChoiceField(label=_("事由"), choices=[("", _("请选择")), *Objection.Ground.choices])
    text = forms.CharField(
        label=_("事实和依据"), max_length=2000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("写清楚什么事、有什么证据；没有线索无法核查"),
    )  # fmt: skip
    evidence = FilesField(
        label=_("照片或文件（选填）"), required=False, help_text=_("最多 3 个"),
        widget=FilesInput(attrs={"multiple": True, "accept": TAKEN}),
    )  # fmt: skip
    anonymous = forms.BooleanField(label=_("匿名提出（不留姓名和手机号，凭查询码看答复）"), required=False)
    name = forms.CharField(
        label=_("您的姓名"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = forms.CharField(
        label=_("手机号"), max_length=32, required=False, help_text=_("加密保存，只用来核实和答复"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )  # fmt: skip
    website = forms.CharField(
        label=_("请留空"), max_length=200, required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, notice: Notice, *given: Any) -> None:
        super().__init__(*given)
        rows = queries.plain_rows(notice)
        named = [
            (str(n), f"{n + 1}. {row['name'] or row['title']}（{row['unit']}）") for n, row in enumerate(rows)
        ]
        self.fields["about"].choices = [("", gettext("请选择")), *named, (SELF, gettext("本人未列入名单"))]  # type: ignore[attr-defined]

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(gettext("这一栏是防自动提交用的，请清空后再提交"))
        return ""

    def said(self) -> actions.Said:
        """Return what was typed as the engine reads it. Only after `is_valid`."""
        data = self.cleaned_data
        about = None if data["about"] == SELF else int(data["about"])
        same = {name: data[name] for name in ("ground", "text", "number", "anonymous", "name", "phone")}
        return actions.Said(about=about, **same)

    def show(self, refusal: Refusal) -> None:
        fields: dict[str, str] = refusal.data.get("fields", {})
        for name, reason in fields.items():
            shown = "evidence" if name == "file" else name
            self.add_error(shown if shown in self.fields else None, reason)
        if not fields:
            self.add_error(None, refusal.message)


class FollowForm(TrackForm):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.fields["number"].label = _("异议编号")
        self.fields["secret"].label = _("查询码")


@require_http_methods(VERBS)
@public
def filing(request: HttpRequest, pk: int) -> HttpResponse:
    notice = queries.notice(pk)
    if notice is None:
        raise Http404(gettext("没有这份公示"))
    closed = actions.against_filing(notice)
    if request.method != "POST":
        form = None if closed else ObjectionForm(notice)
        return _form(request, notice, form, closed=closed, status=409 if closed else 200)
    form = ObjectionForm(notice, request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, notice, form, status=422)
    try:
        visitors.count_submission(request)
        filed = actions.file_objection(notice, form.said(), files=form.cleaned_data["evidence"])
    except Refusal as refusal:
        form.show(refusal)
        return _patient(_form(request, notice, form, status=refusal.status), refusal)
    response = HttpResponseRedirect(reverse("portal:objection-receipt"), status=303)
    response.set_cookie(
        RECEIPT, signing.dumps([filed.objection.number, filed.check_code], salt=SALT), max_age=RECEIPT_SECONDS,
        path=reverse("portal:objection-receipt"), secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax",
    )  # fmt: skip
    return response


@require_safe
@public
def receipt(request: HttpRequest) -> HttpResponse:
    """Show number and check code to the browser that objected; neither stands in an address."""
    try:
        number, code = signing.loads(request.COOKIES.get(RECEIPT, ""), salt=SALT, max_age=RECEIPT_SECONDS)
    except signing.BadSignature:
        return render(request, "portal/notices/receipt_gone.html", status=404)
    return render(request, "portal/notices/receipt.html", {"number": number, "check_code": code})


@require_http_methods(VERBS)
@public
def following(request: HttpRequest) -> HttpResponse:
    """Read how an objection stands, and the reply."""
    if request.method != "POST":
        return render(request, "portal/notices/follow.html", {"form": FollowForm()})
    form = FollowForm(request.POST)
    if not form.is_valid():
        return render(request, "portal/notices/follow.html", {"form": form}, status=422)
    number = form.cleaned_data["number"]
    try:
        secret = form.cleaned_data["secret"]
        tries = visitors.count_look(request, number, secret=secret)
        found = queries.followed(number, secret)
        if found is None:
            raise Invalid(gettext("编号与查询码不符，请核对回执"))
    except Refusal as refusal:
        form.add_error(None, refusal.message)
        page = render(request, "portal/notices/follow.html", {"form": form}, status=refusal.status)
        return _patient(page, refusal)
    limits.clear(tries)
    return render(request, "portal/notices/followed.html", {"objection": found})


def _form(
    request: HttpRequest,
    notice: Notice,
    form: ObjectionForm | None,
    *,
    closed: str | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = {"notice": notice, "form": form, "closed": closed, "files_lost": bool(request.FILES)}
    return render(request, "portal/notices/object.html", shown, status=status)


def _patient(response: HttpResponse, refusal: Refusal) -> HttpResponse:
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.data.get("retry_after_seconds", 60))
    return response
