"""Did everything that came in become a case? Days as rows, sources as columns, each difference with its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.domains.hotline.reconciliation import queries
from yanzhen.domains.hotline.reconciliation.actions import FARTHEST_DAYS, VIEW, reconcile
from yanzhen.domains.hotline.reconciliation.declare import SOURCES, Difference
from yanzhen.domains.hotline.reconciliation.models import Report
from yanzhen.domains.hotline.reconciliation.queries import Seen
from yanzhen.faces.console.desk import DESKS
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.pages import attempt, detail_url, page, see_other, sent, show
from yanzhen.faces.console.setup.fields import day_field
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.models import Account

DAYS = 31


@dataclass(frozen=True, slots=True)
class Row:
    day: date
    cells: list[Seen | None]
    """One for each source; None where it was not compared on that day."""


@dataclass(frozen=True, slots=True)
class Line:
    difference: Difference
    url: str


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    _demand(request.user)
    found = queries.reports(request.user, since=timezone.localdate() - timedelta(days=DAYS))
    by_day: dict[date, dict[str, Seen]] = {}
    for seen in found:
        by_day.setdefault(seen.report.day, {})[seen.report.source] = seen
    context = {
        "sources": [gettext(source.label) for source in SOURCES],
        "rows": [Row(day, [cells.get(s.code) for s in SOURCES]) for day, cells in by_day.items()],
        "days": DAYS,
    }
    return show(request, "console/reconciliation/list.html", context)


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    _demand(request.user)
    seen = queries.report(request.user, pk)
    if seen is None:
        raise Http404
    report = seen.report
    code = report.source
    context = {
        "seen": seen,
        "report": report,
        "label": gettext(SOURCES[code].label) if code in SOURCES else code,
        "lines": [Line(difference, _url(difference)) for difference in seen.differences],
        "waits": report.unfinished and _again(report),
        "versions": list(queries.versions_of(report)),
    }
    return show(request, "console/reconciliation/report.html", context)


@page("GET", "HEAD", "POST")
def running(request: AccountRequest) -> HttpResponse:
    """Compare a day again: what was mended since shows as a new version beside the former."""
    _demand(request.user)
    help_text = gettext("最近 %(days)s 天内已经过完的一天") % {"days": FARTHEST_DAYS}
    form = act_form({"day": day_field(gettext("日期"), help_text=help_text)}, sent(request))
    form.fields["day"].initial = request.GET.get("day") or timezone.localdate() - timedelta(days=1)
    back, status = reverse("console:reconciliation"), 200
    if form.is_bound:
        refusal = attempt(form, lambda given: reconcile(given["day"], actor=request.user))
        if refusal is None:
            messages.success(request, gettext("已重新对账，结果见下表"))
            return see_other(back)
        status = refusal.status
    context = {"form": form, "label": gettext("重新对账"), "back": back}
    return show(request, "console/setup/form.html", context, status=status)


def _again(report: Report) -> bool:
    """Whether the day is to be compared once more, since what arrived on it could still be open."""
    first = timezone.localdate(report.made_at) <= report.day + timedelta(days=1)
    return first and report.source in SOURCES and SOURCES[report.source].again


def _demand(account: Account) -> None:
    if not account.reaches(VIEW):
        raise Http404


def _url(difference: Difference) -> str:
    """Return the page of what a difference names, or "" where it has none."""
    if difference.page == "case":
        return detail_url(DESKS["cases"], difference.which)
    if difference.page == "batch":
        return reverse("console:batch", args=[difference.which])
    if difference.page == "trail":
        return f"{reverse('console:trail')}?{urlencode({'subject': difference.which})}"
    return ""
