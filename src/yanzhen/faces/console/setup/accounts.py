"""Accounts: who they are, what they may do and where; opened, granted, shut and let in again by who holds the right."""

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
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.pickers import EMPTY, bodies_field
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.login import second_factor
from yanzhen.faces.places import region_by_code
from yanzhen.foundation import accounts
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.models import Account

MOST = 200
WAYS = ("GET", "HEAD", "POST")


def password_field() -> forms.CharField:
    return forms.CharField(
        label=_("初始密码"),
        help_text=_("至少 10 位，不能太常见；请本人首次登录后修改"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class OpenForm(forms.Form):
    username = forms.CharField(label=_("用户名"), max_length=64)
    name = forms.CharField(label=_("姓名"), max_length=64)
    password = password_field()

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = bodies_field(registers.bodies_of_accounts(account))
        field.label, field.initial = gettext("单位"), account.organisation_id
        self.fields["organisation"] = field


class GrantForm(forms.Form):
    role: forms.ModelChoiceField[Any] = forms.ModelChoiceField(None, label=_("角色"), empty_label=EMPTY[1])
    region = forms.ChoiceField(label=_("行政区划（含其下级）"))
    line: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        None, label=_("条线"), required=False, empty_label=_("全部条线")
    )
    ends_on = forms.DateField(
        label=_("到期日（选填，不含当日）"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = registers.roles()  # type: ignore[attr-defined]  # a model choice
        self.fields["line"].queryset = registers.department_lines()  # type: ignore[attr-defined]  # the same
        self.fields["region"].choices = [EMPTY, choices.province(), *choices.regions()]  # type: ignore[attr-defined]


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:40]
    rows = registers.accounts(_reaches(request.user), text)
    context = {"accounts": rows[:MOST], "q": text, "may_edit": bool(request.user.reaches("account.edit"))}
    return show(request, "console/setup/accounts.html", context)


@page(*WAYS)
def opening(request: AccountRequest) -> HttpResponse:
    _demand_edit(request.user)
    form = OpenForm(request.user, sent(request))
    made: list[Account] = []
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: made.append(accounts.open_account(**given, actor=request.user)))
        if refusal is None:
            messages.success(request, gettext("已开立账号，请接着授权"))
            return see_other(reverse("console:account", args=[made[0].pk]))
        status = refusal.status
    context = {"form": form, "label": gettext("开立账号"), "back": reverse("console:accounts")}
    return show(request, "console/setup/form.html", context, status=status)


@page(*WAYS)
def one(request: AccountRequest, pk: int) -> HttpResponse:
    """Show an account with its grants; the form gives another."""
    account = _account(request, pk)
    form = GrantForm(sent(request))
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: _give(account, given, request.user))
        if refusal is None:
            messages.success(request, gettext("已授权"))
            return see_other(request.path)
        status = refusal.status
    context = {
        "account": account,
        "grants": registers.grants_of(account),
        "tokens": registers.tokens_of(account),
        "form": form,
        "may_edit": bool(request.user.reaches("account.edit")),
        "in_charge": account != request.user and accounts.in_charge(request.user, account),
        "second_factor": second_factor.has(account),
    }
    return show(request, "console/setup/account.html", context, status=status)


@page(*WAYS)
def revoking(request: AccountRequest, pk: int, grant: int) -> HttpResponse:
    account = _account(request, pk)
    given = registers.grants_of(account).filter(pk=grant).first()
    if given is None:
        raise Http404
    form = act_form({"reason": text_field(gettext("收回理由"))}, sent(request))
    back, status = reverse("console:account", args=[pk]), 200
    if form.is_bound:
        refusal = attempt(
            form, lambda said: accounts.revoke(given, actor=request.user, reason=said["reason"])
        )
        if refusal is None:
            messages.success(request, gettext("已收回，今日起失效"))
            return see_other(back)
        status = refusal.status
    label = gettext("收回授权：%(role)s（%(region)s）") % {"role": given.role, "region": given.region}
    return show(
        request, "console/setup/form.html", {"form": form, "label": label, "back": back}, status=status
    )


@page(*WAYS)
def token(request: AccountRequest, pk: int) -> HttpResponse:
    """Issue a key for a program; it is shown this once."""
    account = _account(request, pk)
    form = act_form({"name": forms.CharField(label=gettext("用途"), max_length=64)}, sent(request))
    keys: list[str] = []
    status = 200
    if form.is_bound:
        refusal = attempt(
            form, lambda given: keys.append(accounts.issue_token(account, given["name"], actor=request.user))
        )
        status = refusal.status if refusal else 200
    context = {
        "form": form, "label": gettext("签发接口密钥"), "key": keys[0] if keys else "", "account": account,
        "back": reverse("console:account", args=[pk]),
    }  # fmt: skip
    return show(request, "console/setup/token.html", context, status=status)


@page("POST")
def revoking_token(request: AccountRequest, pk: int, token: int) -> HttpResponse:
    account = _account(request, pk)
    found = registers.tokens_of(account).filter(pk=token).first()
    if found is None:
        raise Http404
    accounts.revoke_token(found, actor=request.user)
    messages.success(request, gettext("密钥已停用"))
    return see_other(reverse("console:account", args=[pk]))


@page(*WAYS)
def deactivating(request: AccountRequest, pk: int) -> HttpResponse:
    return _keeping(request, pk, accounts.deactivate, label=gettext("停用账号"), done=gettext("账号已停用"))


@page(*WAYS)
def reactivating(request: AccountRequest, pk: int) -> HttpResponse:
    return _keeping(request, pk, accounts.reactivate, label=gettext("启用账号"), done=gettext("账号已启用"))


@page(*WAYS)
def resetting(request: AccountRequest, pk: int) -> HttpResponse:
    return _keeping(
        request,
        pk,
        accounts.reset_password,
        label=gettext("重设密码"),
        done=gettext("密码已重设，请告知本人并请其登录后修改"),
        password=password_field(),
    )


@page(*WAYS)
def removing(request: AccountRequest, pk: int) -> HttpResponse:
    return _keeping(
        request,
        pk,
        second_factor.remove_second_factor,
        label=gettext("移除动态验证码"),
        done=gettext("动态验证码已移除"),
    )


def _keeping(
    request: AccountRequest,
    pk: int,
    act: Callable[..., None],
    *,
    label: str,
    done: str,
    **fields: forms.Field,
) -> HttpResponse:
    """Do something to somebody else's account for a reason. Who may not is told before they fill the form in."""
    account = _account(request, pk)
    accounts.demand_charge(request.user, account)
    help_text = gettext("如何核实是本人、谁批准的；会记入记录链")
    form = act_form({**fields, "reason": text_field(gettext("理由"), help_text=help_text)}, sent(request))
    back, status = reverse("console:account", args=[pk]), 200
    if form.is_bound:
        refusal = attempt(form, lambda given: act(account, actor=request.user, **given))
        if refusal is None:
            messages.success(request, done)
            return see_other(back)
        status = refusal.status
    context = {"form": form, "label": f"{label}：{account}", "back": back}
    return show(request, "console/setup/form.html", context, status=status)


def _give(account: Account, given: dict[str, Any], actor: Account) -> None:
    region = region_by_code(given["region"])
    if region:
        accounts.grant(account, given["role"], region, given["line"], actor=actor, ends_on=given["ends_on"])


def _reaches(account: Account) -> list[Any]:
    reaches = [*account.reaches("account.view"), *account.reaches("account.edit")]
    if not reaches:
        raise Http404
    return reaches


def _demand_edit(account: Account) -> None:
    if not account.reaches("account.edit"):
        raise NotAllowed("您没有“维护账号与授权”权限")


def _account(request: AccountRequest, pk: int) -> Account:
    account = registers.accounts(_reaches(request.user)).filter(pk=pk).first()
    if account is None:
        raise Http404
    return account
