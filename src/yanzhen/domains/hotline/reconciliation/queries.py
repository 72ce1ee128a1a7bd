"""What is asked of reports: who sees which differences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import QuerySet

from yanzhen.domains.hotline.reconciliation.declare import SOURCES, Difference
from yanzhen.domains.hotline.reconciliation.models import Report
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import Reach, prefix_of

VIEW = "reconciliation.view"
LINE = "union"
"""Appeals come in on the union's line."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A report as one account sees it: the differences of its own place."""

    report: Report
    differences: tuple[Difference, ...]
    found: int

    @property
    def otherwise(self) -> str:
        """What an arrival of this source came to that rightly has no case."""
        return SOURCES[self.report.source].otherwise if self.report.source in SOURCES else ""

    @property
    def whole(self) -> bool:
        return self.found == len(self.differences)


def reports(account: Account, *, since: date) -> list[Seen]:
    """The newest report of each day and source since `since`, the latest day first; one statement."""
    newest = Report.objects.order_by("-day", "source", "-version").distinct("day", "source")
    return [_seen(report, account) for report in newest.filter(day__gte=since)] if _may(account) else []


def report(account: Account, pk: int) -> Seen | None:
    """The report of that id, or None where there is none that the account may see."""
    found = Report.objects.select_related("made_by").filter(pk=pk).first() if _may(account) else None
    return _seen(found, account) if found else None


def versions_of(report: Report) -> QuerySet[Report]:
    """All runs of the same source and day, the newest first."""
    return (
        Report.objects.filter(day=report.day, source=report.source).defer("differences").order_by("-version")
    )


def _may(account: Account) -> bool:
    return bool(account.reaches(VIEW))


def _seen(report: Report, account: Account) -> Seen:
    reaches = [reach for reach in account.reaches(VIEW) if reach.line in (None, LINE)]
    differences = tuple(Difference(**row) for row in report.differences)
    if any(prefix_of(settings.PROVINCE).startswith(reach.prefix) for reach in reaches):
        return Seen(report, differences, report.found)
    mine = tuple(d for d in differences if d.region and _covers(reaches, d.region))
    return Seen(report, mine, len(mine))


def _covers(reaches: list[Reach], region: str) -> bool:
    return any(reach.covers(region, LINE) for reach in reaches)
