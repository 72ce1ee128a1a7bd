"""How the category suggestions do, the button that trains them anew, and the suggestions for a text being typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from yanzhen.domains.hotline.classification import actions, queries, tasks
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.jobs import defer
from yanzhen.foundation.models import Account

SHOWN = 50
"""Versions and categories on the page."""
MAY_ASK = ("case.register", "case.accept")


class TrainForm(forms.Form):
    """Nothing to fill in: the button is the whole of it, and a refusal has a place to stand."""


@page("GET", "HEAD", "POST")
def overview(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches("case.train"):
        raise Http404
    form = TrainForm(sent(request))
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda _given: _train(request.user))
        if refusal is None:
            messages.success(
                request, gettext("已开始在后台训练；完成后新版本出现在下表，不如在用版本的不会启用")
            )
            return see_other(request.path)
        status = refusal.status
    context: dict[str, Any] = {
        "form": form,
        "versions": queries.versions()[:SHOWN],
        "by_version": queries.rates_by_version(request.user),
        "by_category": queries.rates_by_category(request.user)[:SHOWN],
    }
    return show(request, "console/classification/overview.html", context, status=status)


@page("POST")
def classify(request: AccountRequest) -> HttpResponse:
    """Return the suggestions for what is typed in a form, as a part of its page. Nothing is kept."""
    if not any(request.user.reaches(right) for right in MAY_ASK):
        raise NotAllowed(gettext("您没有“登记工单”或“受理工单”权限"))
    title, body = (request.POST.get(name, "") for name in ("title", "body"))
    text = "\n".join(part for part in (title.strip(), body.strip()) if part)
    found = queries.suggestions(text).ranked if text else ()
    context = {
        "suggestions": found,
        "asked": bool(text),
        "limit": queries.TEXT_LIMIT,
        "long": len(text) > queries.TEXT_LIMIT,
    }
    return render(request, "console/classification/_suggestions.html", context)


def _train(account: Account) -> None:
    """Have the worker train; what it would refuse is refused at once."""
    actions.check_training(account)
    defer(tasks.train, account_id=account.pk)
