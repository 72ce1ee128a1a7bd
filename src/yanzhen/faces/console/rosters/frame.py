"""What the roster pages share: their tabs, the regions they offer, the fields of their forms, how a form acts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.rosters import queries
from yanzhen.faces.console import choices
from yanzhen.faces.console.choices import Choice, Group
from yanzhen.faces.console.pages import attempt, see_other, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import region_by_code, region_names
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.scope import prefix_of

WAYS = ("GET", "HEAD", "POST")
LOCAL = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Tab:
    view: str
    label: str
    rights: tuple[str, ...]


TABS = (
    Tab("console:rosters", "排班表", ("roster.view",)),
    Tab("console:my-shifts", "我的班次", ("roster.view",)),
    Tab("console:coverage", "覆盖", ("roster.view",)),
    Tab("console:simulation", "变更模拟", ("roster.edit", "roster.approve")),
    Tab("console:roster-requests", "待审批", ("roster.approve",)),
    Tab("console:seats", "坐席", ("roster.view", "seat.edit")),
)


def show_tab(
    request: AccountRequest, template: str, context: Mapping[str, Any], *, tab: str, status: int = 200
) -> HttpResponse:
    tabs = [
        {"url": reverse(one.view), "label": gettext(one.label), "active": one.view == tab}
        for one in TABS
        if any(request.user.reaches(right) for right in one.rights)
    ]
    may = {name: bool(request.user.reaches(f"roster.{name}")) for name in ("edit", "approve")}
    return show(request, template, {"tabs": tabs, "may": may, **context}, status=status)


def act(
    request: AccountRequest,
    form: forms.Form,
    run: Callable[[dict[str, Any]], object],
    *,
    label: str,
    done: str,
    back: str,
    **context: Any,
) -> HttpResponse:
    """Show a form; when it is sent, run and go back. A refusal stays in the form with its reasons."""
    status = 200
    if form.is_bound:
        results: list[object] = []
        refusal = attempt(form, lambda given: results.append(run(given)))
        if refusal is None:
            messages.success(request, done)
            for concern in getattr(results[0], "concerns", ()):
                messages.warning(request, concern)
            return see_other(back)
        status = refusal.status
    shown = {"form": form, "label": label, "back": back, **context}
    return show(request, "console/rosters/form.html", shown, status=status)


def regions_for(account: Account, right: str) -> list[Choice | Group]:
    """Offer the regions in which the account holds `right`."""
    prefixes = [reach.prefix for reach in account.reaches(right)]
    offered: list[Choice | Group] = []
    for code, told in (choices.province(), *choices.regions()):
        if isinstance(told, str):
            offered += [(code, told)] if _within(code, prefixes) else []
        elif inner := [choice for choice in told if _within(choice[0], prefixes)]:
            offered.append((code, inner))
    return offered


def first_for(account: Account, right: str, codes: Iterable[str]) -> str:
    """Return the first of the regions in which the account holds `right`; "" where it does in none."""
    prefixes = [reach.prefix for reach in account.reaches(right)]
    return next((code for code in codes if _within(code, prefixes)), "")


def region_groups(account: Account, right: str) -> list[dict[str, Any]]:
    """Return the same as a template draws it: label ("" for none) and options of each group."""
    return [
        {"label": "", "options": [one]} if isinstance(one[1], str) else {"label": one[0], "options": one[1]}
        for one in regions_for(account, right)
    ]


def region_asked(request: AccountRequest, right: str = queries.VIEW) -> Region | None:
    """Return the region that the address names, else the first that the account reaches."""
    reaches = request.user.reaches(right)
    own = reaches[0].prefix.ljust(6, "0") if reaches else settings.PROVINCE
    code = request.GET.get("region", "") or own
    return region_by_code(code) or region_by_code(own)


def _within(code: str, prefixes: list[str]) -> bool:
    return any(prefix_of(code).startswith(prefix) for prefix in prefixes)


def moment_field(label: Any, *, required: bool = True) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
    return forms.DateTimeField(label=label, required=required, widget=widget)


def region_field(account: Account, right: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=_("区划"), choices=[EMPTY, *regions_for(account, right)])


def skill_field() -> forms.ModelChoiceField[Any]:
    return forms.ModelChoiceField(queries.skills(), label=_("技能"), empty_label=None)


def sitter_field(account: Account, label: Any) -> forms.ModelChoiceField[Any]:
    return forms.ModelChoiceField(queries.sitters(account), label=label, empty_label=EMPTY[1])


def region_of(code: str) -> Region:
    region = region_by_code(code)
    if region is None:
        raise Invalid("没有这个区划", fields={"region": "没有这个区划"})
    return region


def names(codes: set[str]) -> dict[str, str]:
    return region_names(codes)


def asked_moment(request: AccountRequest, name: str) -> datetime | None:
    """Return a moment that the address names, as a form has it; None where it names none."""
    try:
        return timezone.make_aware(datetime.strptime(request.GET.get(name, ""), LOCAL))  # noqa: DTZ007  # made aware
    except ValueError:
        return None


def next_hour() -> datetime:
    return timezone.localtime().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
