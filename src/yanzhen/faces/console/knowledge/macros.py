"""Macros: one's own and the shared ones, with what each expands to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.knowledge import actions, queries
from yanzhen.domains.hotline.knowledge.models import Macro
from yanzhen.domains.hotline.knowledge.rights import EDIT
from yanzhen.faces.console import choices
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.models import Account

WAYS = ("GET", "HEAD", "POST")


class MacroForm(forms.Form):
    shortcut = forms.CharField(
        label=_("快捷键"), help_text=_("以 / 开头，后接小写字母或数字，如 /qx"), max_length=13
    )
    text = forms.CharField(
        label=_("内容"),
        help_text=_("可用 {编号}{诉求标题}{承办单位}{今天}{到期日}"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class NewMacroForm(MacroForm):
    scope = forms.ChoiceField(label=_("给谁用"))

    def __init__(self, data: Any, account: Account) -> None:
        super().__init__(data)
        offered: list[Any] = [("own", gettext("只有我"))]
        if account.organisation and account.has_right(EDIT, account.organisation):
            offered.append(("organisation", gettext("本单位：%(name)s") % {"name": account.organisation}))
        if account.reaches(EDIT):
            offered += [choices.province(), *choices.regions()]
        self.fields["scope"].choices = offered  # type: ignore[attr-defined]  # a choice


@page(*WAYS)
def listing(request: AccountRequest) -> HttpResponse:
    account = request.user
    form = NewMacroForm(sent(request), account)
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: _add(account, given))
        if refusal is None:
            messages.success(request, gettext("已保存；在输入框里打出快捷键，按空格或 Tab 展开"))
            return see_other(reverse("console:macros"))
        status = refusal.status
    rows = [(macro, actions.may_edit_macro(account, macro)) for macro in queries.macros(account)]
    return show(
        request, "console/knowledge/macros.html", {"rows": rows, "form": form, "tab": "macros"}, status=status
    )


@page(*WAYS)
def editing(request: AccountRequest, pk: int) -> HttpResponse:
    macro = _macro(request, pk)
    form = MacroForm(sent(request), initial={"shortcut": macro.shortcut, "text": macro.text})
    back = reverse("console:macros")
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: _change(macro, request.user, given))
        if refusal is None:
            messages.success(request, gettext("已保存"))
            return see_other(back)
        status = refusal.status
    context = {"form": form, "label": gettext("修改快捷语"), "back": back}
    return show(request, "console/setup/form.html", context, status=status)


@page(*WAYS)
def dropping(request: AccountRequest, pk: int) -> HttpResponse:
    """Ask, and then drop: others may be used to a shared one."""
    macro = _macro(request, pk)
    back = reverse("console:macros")
    if request.method == "POST":
        actions.drop_macro(macro, actor=request.user)
        messages.success(request, gettext("已删除 %(shortcut)s") % {"shortcut": macro.shortcut})
        return see_other(back)
    label = gettext("删除快捷语 %(shortcut)s？") % {"shortcut": macro.shortcut}
    return show(request, "console/setup/form.html", {"form": forms.Form(), "label": label, "back": back})


def _add(account: Account, given: dict[str, Any]) -> None:
    whose = actions.owned_by(account, given.pop("scope"))
    actions.save_macro(Macro(**given, **whose), actor=account)


def _change(macro: Macro, account: Account, given: dict[str, Any]) -> None:
    macro.shortcut, macro.text = given["shortcut"], given["text"]
    actions.save_macro(macro, actor=account)


def _macro(request: AccountRequest, pk: int) -> Macro:
    found = next((macro for macro in queries.macros(request.user) if macro.pk == pk), None)
    if found is None:
        raise Http404
    return found
