"""The tree of categories: what is in force, what stands under each leaf, and leaves withdrawn and reinstated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.domains.hotline import categories
from yanzhen.domains.hotline.models import Category
from yanzhen.domains.hotline.routing import queries, table
from yanzhen.domains.hotline.routing.actions import may_edit
from yanzhen.domains.hotline.routing.models import Route
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.http import AccountRequest

WAYS = ("GET", "HEAD", "POST")


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    """The whole tree; who keeps rules of a part of the province reads it, with the cases of that part."""
    _demand(request)
    running, rules = queries.running(request.user), _rules()
    rows = [
        {
            "category": row,
            "running": running.get(row.code, 0),
            "rules": len(rules[row.code]),
            "leaf": row.level == categories.LEAF,
        }
        for row in queries.tree()
    ]
    context = {"rows": rows, "may_change": categories.may_change(request.user)}
    return show(request, "console/routing/categories.html", context)


@page(*WAYS)
def withdrawing(request: AccountRequest, code: str) -> HttpResponse:
    """Show what stands under the leaf before it is withdrawn."""
    return _switch(request, code, categories.withdraw, label=gettext("停用类别"), done=gettext("已停用类别"))


@page(*WAYS)
def reinstating(request: AccountRequest, code: str) -> HttpResponse:
    return _switch(request, code, categories.reinstate, label=gettext("恢复类别"), done=gettext("已恢复类别"))


def _switch(
    request: AccountRequest, code: str, act: Callable[..., Category], *, label: str, done: str
) -> HttpResponse:
    _demand(request)
    row = queries.leaf(code)
    if row is None:
        raise Http404(gettext("没有这个第三级类别"))
    form: forms.Form = act_form({"reason": text_field(gettext("理由"))}, sent(request))
    status = 200
    if form.is_bound:

        def run(given: dict[str, Any]) -> Category:
            return act(row, actor=request.user, reason=given["reason"])

        refusal = attempt(form, run)
        if refusal is None:
            messages.success(request, gettext("%(done)s：%(name)s") % {"done": done, "name": row})
            return see_other(reverse("console:categories"))
        status = refusal.status
    context = {
        "form": form,
        "label": label,
        "category": row,
        "running": queries.running(request.user).get(code, 0),
        "rules": [(route, table.row_of(route).to) for route in _rules()[code]],
    }
    return show(request, "console/routing/category.html", context, status=status)


def _rules() -> defaultdict[str, list[Route]]:
    """The routing rules that hold today or later, by the code that they name."""
    found: defaultdict[str, list[Route]] = defaultdict(list)
    for route in queries.routes():
        found[route.category].append(route)
    return found


def _demand(request: AccountRequest) -> None:
    if not may_edit(request.user):
        raise Http404
