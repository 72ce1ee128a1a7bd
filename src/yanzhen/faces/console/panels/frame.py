"""What the pages about one panel round share: the round in reach, their tabs, how a form acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.panels import standing
from yanzhen.faces.console.pages import attempt, see_other, show
from yanzhen.faces.http import AccountRequest

WAYS = ("GET", "HEAD", "POST")
TABS = (
    ("console:panel-round", "概况"),
    ("console:panel-judges", "评委"),
    ("console:panel-progress", "进度"),
    ("console:panel-redactions", "遮蔽"),
    ("console:panel-scores", "计分"),
)
CALIBRATION, ENTRIES = ("console:calibration", "校准"), ("console:entries", "双人录入")


def round_or_404(request: AccountRequest, pk: int) -> Round:
    found = standing.run_by(request.user, pk)
    if found is None:
        raise Http404(gettext("没有这一轮次，或不由您组织"))
    return found


def show_tab(
    request: AccountRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    round_: Round,
    tab: str,
    status: int = 200,
) -> HttpResponse:
    tabs = [
        {"url": reverse(view, args=[round_.pk]), "label": gettext(label), "active": view == tab}
        for view, label in _tabs(round_)
    ]
    return show(request, template, {"tabs": tabs, "round": round_, **context}, status=status)


def _tabs(round_: Round) -> list[tuple[str, str]]:
    """The tabs that every round has, and those that its marking calls for."""
    stages = round_.programme.of_kind("mark")
    more = [CALIBRATION] if any(stage.calibrate for stage in stages) else []
    return [*TABS, *more, *([ENTRIES] if any(stage.entries > 1 for stage in stages) else [])]


def act(
    request: AccountRequest,
    form: forms.Form,
    run: Callable[[dict[str, Any]], object],
    *,
    label: str,
    done: str,
    back: str,
    template: str = "console/panels/act.html",
    **context: Any,
) -> HttpResponse:
    """Show a form; when it is sent, run and go back. A refusal stays in the form with its reasons."""
    status = 200
    if form.is_bound:
        refusal = attempt(form, run)
        if refusal is None:
            messages.success(request, done)
            return see_other(back)
        status = refusal.status
    return show(request, template, {"form": form, "label": label, "back": back, **context}, status=status)
