"""Pages of studios: the list, one with its grants, a new one, a new grant."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.domains.craftsmen.actions import studios as acts
from yanzhen.domains.craftsmen.models import Studio
from yanzhen.domains.craftsmen.queries import registers
from yanzhen.engines.honours.declare import TITLES
from yanzhen.faces.console.craftsmen.desk import INSTALMENTS
from yanzhen.faces.console.craftsmen.lines import amounts, lines_field
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.honours.awarding import person_named
from yanzhen.faces.console.honours.frame import WAYS, acting
from yanzhen.faces.console.pages import page, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.console.setup.fields import NamedOrganisation, day_field
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed

MOST = 500
"""Studios that the page lists: a province has some hundreds."""


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches("studio.view"):
        raise NotAllowed("您没有“查看工匠工作室与资助”权限；请联系本单位管理员")
    rows = list(registers.studios(request.user)[: MOST + 1])
    context = {
        "rows": rows[:MOST], "more": len(rows) > MOST, "may_edit": bool(request.user.reaches("studio.edit")), "desk": INSTALMENTS,
    }  # fmt: skip
    return show(request, "console/craftsmen/studios.html", context)


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    studio = _studio(request, pk)
    context = {
        "studio": studio, "grants": registers.grants_of(studio), "desk": INSTALMENTS,
        "may_edit": request.user.has_right("studio.edit", studio),
    }  # fmt: skip
    return show(request, "console/craftsmen/studio.html", context)


@page(*WAYS)
def founding(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches("studio.edit"):
        raise NotAllowed("您没有“登记工匠工作室与资助”权限；请联系本单位管理员")
    hidden = forms.TextInput(attrs={"autocomplete": "off"})
    fields: dict[str, forms.Field] = {
        "name": forms.CharField(label=gettext("工作室名称"), max_length=80),
        "lead": forms.CharField(
            label=gettext("领衔人的身份证号或手机号"),
            help_text=gettext("须已在人员登记中"),
            max_length=32,
            widget=hidden,
        ),
        "organisation": NamedOrganisation(label=gettext("所在单位")),
        "founded_on": day_field(gettext("成立日期")),
    }

    def act(given: dict[str, Any]) -> None:
        acts.found_studio(actor=request.user, **{**given, "lead": person_named(request, given["lead"])})

    return acting(
        request, act_form(fields, sent(request)), act, label=gettext("登记工作室"), done=gettext("已登记"),
        back=lambda: reverse("console:studios"),
    )  # fmt: skip


@page(*WAYS)
def granting(request: AccountRequest, pk: int) -> HttpResponse:
    studio = _studio(request, pk)
    titles = [EMPTY, *((code, TITLES[code].label) for code in acts.MOST)]
    fields: dict[str, forms.Field] = {
        "title": forms.ChoiceField(
            label=gettext("依据称号"), choices=titles, help_text=gettext("领衔人须持有有效的该称号")
        ),
        "total_yuan": forms.DecimalField(
            label=gettext("资助总额（元）"), min_value=1, max_digits=12, decimal_places=2
        ),
        "document": forms.CharField(label=gettext("文号"), max_length=64),
        "parts": lines_field(
            gettext("分期"),
            help_text=gettext("每行一期：金额、空格、考核要求，如 25000 挂牌并完成年度计划；合计须等于总额"),
        ),
    }

    def act(given: dict[str, Any]) -> None:
        acts.make_grant(studio, actor=request.user, **{**given, "parts": amounts("parts", given["parts"])})

    return acting(
        request, act_form(fields, sent(request)), act, label=gettext("登记资助：%(studio)s") % {"studio": studio},
        done=gettext("已登记，各期待评审"), back=lambda: reverse("console:studio", args=[pk]),
    )  # fmt: skip


def _studio(request: AccountRequest, pk: int) -> Studio:
    row: Studio | None = registers.studios(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
