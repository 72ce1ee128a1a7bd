"""Comparing: every night for the day before, and again whenever somebody asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from yanzhen.domains.hotline.reconciliation.declare import MOST, SOURCES, Source
from yanzhen.domains.hotline.reconciliation.models import Report
from yanzhen.domains.hotline.reconciliation.notices import DIFFERENCE
from yanzhen.foundation import replays
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account
from yanzhen.foundation.outbox.messages import Telling, holders, notify_many
from yanzhen.foundation.records import record_many
from yanzhen.foundation.scope import EVERYTHING, database_scope
from yanzhen.foundation.sheets import running

VIEW = "reconciliation.view"
FARTHEST_DAYS = min(replays.KEPT_DAYS, running.KEPT_DAYS) - 2
"""So far back the kept answers and rows are whole; two days short, since the sweep runs while a day is not over."""


@transaction.atomic
def reconcile(
    day: date, *, actor: Account | None = None, sources: Iterable[Source] = SOURCES
) -> list[Report]:
    """Compare the sources with the cases of `day` and keep what came of it, each as a new version.

    `actor` None is the nightly job. Who holds the right is told of differences that the version before did not have.
    Raises NotAllowed, and Invalid for a day that is not over or whose arrivals are no longer kept.
    """
    if actor and not actor.reaches(VIEW):
        raise NotAllowed("您没有“查看来件对账”权限")
    today = timezone.localdate()
    if not today - timedelta(days=FARTHEST_DAYS) <= day < today:
        reason = f"只能对最近 {FARTHEST_DAYS} 天内已经过完的日子对账：更早的收件凭据已按期清理"
        raise Invalid(reason, fields={"day": reason})
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('reconciliation', 0))")
    before = latest_of(day)
    with database_scope({EVERYTHING}):
        reports = [_compared(source, day, actor, before.get(source.code)) for source in sources]
    Report.objects.bulk_create(reports)
    record_many(
        "reconciliation.run",
        [
            (r, None, {"day": day, "source": r.source, "version": r.version, "found": r.found})
            for r in reports
        ],
        actor=actor,
    )
    _alarm([r for r in reports if _is_news(r, before.get(r.source))])
    return reports


def catch_up() -> list[date]:
    """Reconcile yesterday, and each day since the first report that was missed and can still be; return the days.

    Sources that ask for it are compared again once the day after is over too.
    """
    today = timezone.localdate()
    window = [today - timedelta(days=n) for n in range(FARTHEST_DAYS, 0, -1)]
    known = set(Report.objects.filter(day__gte=window[0]).values_list("day", flat=True))
    first = min(known, default=window[-1])
    missed = [day for day in window if day >= first and day not in known]
    for day in missed:
        reconcile(day)
    return sorted([*missed, *_again(window[:-1])])


def _again(days: list[date]) -> list[date]:
    """Compare those of `days` once more of which a source that asks for it was last compared the night after."""
    sources = [source for source in SOURCES if source.again]
    reports = Report.objects.filter(day__in=days, source__in=[source.code for source in sources])
    last = {
        (day, source): timezone.localdate(at)
        for day, source, at in reports.values_list("day", "source").annotate(Max("made_at"))
    }
    open_ = {
        day: [s for s in sources if (at := last.get((day, s.code))) and at <= day + timedelta(days=1)]
        for day in days
    }
    for day, late in open_.items():
        if late:
            reconcile(day, sources=late)
    return [day for day, late in open_.items() if late]


def latest_of(day: date) -> dict[str, Report]:
    """Return the newest report of each source on `day`."""
    found = Report.objects.filter(day=day).order_by("source", "-version").distinct("source")
    return {report.source: report for report in found}


def _compared(source: Source, day: date, actor: Account | None, before: Report | None) -> Report:
    count, differences = source.count(day), source.differences(day)
    return Report(
        day=day,
        source=source.code,
        version=before.version + 1 if before else 1,
        made_by=actor,
        incoming=count.incoming,
        cases=count.cases,
        otherwise=count.otherwise,
        found=min(len(differences), MOST + 1),
        differences=[asdict(difference) for difference in differences[:MOST]],
    )


def _is_news(report: Report, before: Report | None) -> bool:
    return bool(report.found) and (before is None or before.differences != report.differences)


def _alarm(reports: list[Report]) -> None:
    """Tell who holds the right over the whole province, one notice a source."""
    if not reports:
        return
    to = holders(VIEW, region=settings.PROVINCE)
    notify_many(
        DIFFERENCE,
        [
            Telling(r, to, {"day": r.day, "number": SOURCES[r.source].label, "count": r.found})
            for r in reports
        ],
    )
