"""The roster of a region for a week: people down, days across; on a phone a card for each person."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from yanzhen.domains.hotline.rosters import queries
from yanzhen.domains.hotline.rosters.coverage import Span
from yanzhen.domains.hotline.rosters.models import Shift
from yanzhen.faces.console.pages import page
from yanzhen.faces.console.rosters.frame import region_asked, region_groups, show_tab
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed

TONES = {"day": "blue", "evening": "amber", "night": "purple", "extra": "green"}


@page("GET", "HEAD")
def week(request: AccountRequest) -> HttpResponse:
    region = region_asked(request)
    if region is None or not request.user.reaches(queries.VIEW):
        raise NotAllowed("您没有“查看排班”权限；请联系本单位管理员")
    monday = monday_of(request.GET.get("week", ""))
    days = [monday + timedelta(days=n) for n in range(7)]
    zone = timezone.get_current_timezone()
    span = Span(*(datetime.combine(day, time(), zone) for day in (monday, monday + timedelta(days=7))))
    rows = queries.between(queries.shifts(request.user), span).filter(region=region)
    context = {
        "region": region,
        "regions": region_groups(request.user, queries.VIEW),
        "days": days,
        "monday": monday,
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7),
        "today": timezone.localdate(),
        "table": _table(list(rows.order_by("account__name", "account_id", "starts_at")), days),
    }
    return show_tab(request, "console/rosters/week.html", context, tab="console:rosters")


def monday_of(text: str) -> date:
    """Return the Monday of the day that `text` names, else of today."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = timezone.localdate()
    return day - timedelta(days=day.weekday())


def _table(rows: list[Shift], days: list[date]) -> list[dict[str, Any]]:
    """Return a line for each person and skill, with the shifts that begin on each day (or run into the first)."""
    lines: dict[tuple[int, str], dict[str, Any]] = {}
    for row in rows:
        key = (row.account_id, row.skill_id)
        line = lines.setdefault(
            key, {"account": row.account, "skill": row.skill, "days": [(day, []) for day in days]}
        )
        day = max(timezone.localdate(row.starts_at), days[0])
        line["days"][(day - days[0]).days][1].append((row, TONES[row.kind]))
    return list(lines.values())
