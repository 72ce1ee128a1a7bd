"""Pages of the register of sanctions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.domains.craftsmen.actions import sanctions as acts
from yanzhen.domains.craftsmen.models import Sanction
from yanzhen.domains.craftsmen.queries import people, registers
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.honours.awarding import person_named
from yanzhen.faces.console.honours.frame import WAYS, acting
from yanzhen.faces.console.keys import Order, page_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import page, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.console.setup.fields import day_field
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed

ORDER = Order("entered_at", "最近登记在前", descending=True)


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches("sanction.view"):
        raise NotAllowed("您没有“查看处分核查记录”权限；请联系本单位管理员")
    found = page_of(people.sanctions(request.user), ORDER, cursor=request.GET.get("cursor", ""))
    context = {
        "rows": registers.with_places(found.rows), "may_edit": bool(request.user.reaches("sanction.edit")),
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    }  # fmt: skip
    return show(request, "console/craftsmen/sanctions.html", context)


@page(*WAYS)
def entering(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches("sanction.edit"):
        raise NotAllowed("您没有“登记处分核查记录”权限；请联系本单位管理员")
    hidden = forms.TextInput(attrs={"autocomplete": "off"})
    fields: dict[str, forms.Field] = {
        "person": forms.CharField(
            label=gettext("身份证号或手机号"),
            help_text=gettext("须已在人员登记中"),
            max_length=32,
            widget=hidden,
        ),
        "kind": forms.ChoiceField(label=gettext("结论"), choices=[EMPTY, *Sanction.Kind.choices]),
        "starts_on": day_field(gettext("起始日期")),
        "ends_on": day_field(
            gettext("截止日期（选填）"),
            required=False,
            help_text=gettext("核查无处分的，必须填写有效至哪一天"),
        ),
        "source": forms.CharField(label=gettext("来源（机关、文号）"), max_length=120),
    }

    def act(given: dict[str, Any]) -> None:
        acts.enter_sanction(person_named(request, given.pop("person")), actor=request.user, **given)

    return acting(
        request, act_form(fields, sent(request)), act, label=gettext("登记处分核查"), done=gettext("已登记"),
        back=lambda: reverse("console:sanctions"),
    )  # fmt: skip


@page(*WAYS)
def ending(request: AccountRequest, pk: int) -> HttpResponse:
    row = people.sanctions(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    fields = {"ends_on": day_field(gettext("截止日期")), "reason": text_field(gettext("依据"))}
    return acting(
        request, act_form(fields, sent(request)), lambda given: acts.end_sanction(row, actor=request.user, **given),
        label=gettext("登记处分截止：%(mask)s") % {"mask": row.mask}, done=gettext("已登记"),
        back=lambda: reverse("console:sanctions"),
    )  # fmt: skip
