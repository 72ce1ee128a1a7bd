"""What is done about hotspots: a case finds its like, alarms become alerts, people decide on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from yanzhen.domains.hotline.calls.models import Trunk
from yanzhen.domains.hotline.hotspots import counts, detect
from yanzhen.domains.hotline.hotspots.counts import DIMENSIONS, PLACES_AND_LINES, WEEK, Period
from yanzhen.domains.hotline.hotspots.detect import Cause, Series, Signal
from yanzhen.domains.hotline.hotspots.models import Alert, AlertCase
from yanzhen.domains.hotline.hotspots.notices import SILENCE, SURGE
from yanzhen.domains.hotline.hotspots.queries import number
from yanzhen.domains.hotline.hotspots.sources import KIND, words_of
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.similarity import clusters, index
from yanzhen.engines.similarity.clusters import Home, Item, Place
from yanzhen.engines.similarity.models import Member
from yanzhen.engines.similarity.sources import Words
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.outbox.messages import holders, notify
from yanzhen.foundation.records import record
from yanzhen.foundation.regions import KEPT
from yanzhen.foundation.scope import audience_of, prefix_of

LINE = "union"
DAILY, HOURLY = 7, 168
"""Sweeps a week."""
MISSED = 2000
"""Cases that one run gathers of those that came in by list."""
SHORTEST_NOTE = 4


class AlertClosed(Refusal):
    code = "alert_closed"


@transaction.atomic
def join(case: Case) -> Place:
    """Put a case in the index of texts and in the cluster of its like. May be run again. Needs everything in reach."""
    words = Words(case.title, case.body)
    index.index(KIND, case.pk, words.whole)
    names = [name for name in (case.employer, case.place) if name]
    county = KEPT.get()[case.region_id[:6]]
    home = Home(county.code, county.name)
    return clusters.join(KIND, Item(case.pk, words, case.received_at, names, home), words_of)


def join_missed() -> int:
    """Join cases that have no cluster yet, the oldest first; return how many. Those from before the window are left."""
    since = timezone.now() - timedelta(days=int(number("hotspot.cluster_days")))
    has = Member.objects.filter(kind=KIND, record=OuterRef("pk"))
    missed = Case.objects.filter(~Exists(has), received_at__gte=since).order_by("received_at", "pk")[:MISSED]
    return len([join(case) for case in missed])


def tidy(now: datetime) -> None:
    """Close clusters to newcomers after the window, and learn anew which words are rare."""
    clusters.close(KIND, now - timedelta(days=int(number("hotspot.cluster_days"))))
    clusters.learn_words(KIND)


@transaction.atomic
def sweep_surges(until: datetime) -> list[Alert]:
    """Compare the seven days before `until` with the weeks before; return the alerts that were raised or extended.

    Run once a day: the stated number of false alarms counts on it.
    """
    _take_turns()
    weeks = counts.weeks_known(until, int(number("hotspot.history_weeks")))
    if weeks < counts.LEAST_WEEKS:
        return []
    period, least = Period(until, WEEK, weeks), int(number("hotspot.least_cases"))
    signals = detect.surges(
        counts.series_of(period, DIMENSIONS),
        false_alarms=float(number("hotspot.false_alarms")),
        sweeps_a_week=DAILY,
        least=least,
    )
    touched = [alert for signal in signals if (alert := _extended(signal, until, Alert.Kind.SURGE))]
    candidates = frozenset(pk for signal in signals for pk in signal.series.cases)
    explained = frozenset(AlertCase.objects.filter(case__in=candidates).values_list("case_id", flat=True))
    open_keys = {(alert.dimension, alert.value) for alert in touched}
    fresh = [signal for signal in signals if signal.series.key not in open_keys]
    causes = detect.causes(fresh, explained, least=least)
    return touched + _raise(causes, until, Alert.Kind.SURGE)


@transaction.atomic
def sweep_silences(until: datetime) -> list[Alert]:
    """Compare the day before `until` with the same day of the weeks before; return the alerts raised or extended.

    Run once an hour. Of a day off on what is else a working day nothing is said: fewer call then.
    """
    _take_turns()
    weeks = counts.weeks_known(until, int(number("hotspot.history_weeks")))
    if weeks < counts.LEAST_WEEKS or counts.unlike_its_weekday(until):
        return []
    series = counts.series_of(Period(until, timedelta(days=1), weeks), PLACES_AND_LINES)
    signals = detect.silences(
        series, false_alarms=float(number("hotspot.false_silences")), sweeps_a_week=HOURLY
    )
    total = sum(sum(s.past) / len(s.past) for s in series if s.dimension == "channel")
    causes = detect.quiet_causes(signals, total)
    touched = [alert for c in causes if (alert := _extended(c.signal, until, Alert.Kind.SILENCE))]
    open_keys = {(alert.dimension, alert.value) for alert in touched}
    fresh = [c for c in causes if c.signal.series.key not in open_keys]
    return touched + _raise(fresh, until, Alert.Kind.SILENCE)


@transaction.atomic
def acknowledge(alert: Alert, *, actor: Account) -> Alert:
    """Say that somebody is looking into it."""
    alert = _locked(alert, actor)
    if alert.acknowledged_at is None:
        alert.acknowledged_at, alert.acknowledged_by = timezone.now(), actor
        alert.save(update_fields=["acknowledged_at", "acknowledged_by"])
        record("hotspot.acknowledge", alert, actor=actor, right="hotspot.decide")
    return alert


@transaction.atomic
def close(alert: Alert, *, actor: Account, note: str) -> Alert:
    """End an alert and say what came of it. Its cases raise no alert again; new ones may."""
    alert = _locked(alert, actor)
    if len(note.strip()) < SHORTEST_NOTE:
        raise Invalid("关闭预警须说明处置情况（至少 4 个字）", fields={"note": "请说明原因和处置情况"})
    alert.closed_at, alert.closed_by, alert.note = timezone.now(), actor, note.strip()
    alert.save(update_fields=["closed_at", "closed_by", "note"])
    record("hotspot.close", alert, actor=actor, right="hotspot.decide", reason=alert.note)
    return alert


def _locked(alert: Alert, actor: Account) -> Alert:
    if not actor.has_right("hotspot.decide", alert):
        raise NotAllowed(f"您在{alert.region}没有“确认与关闭热点预警”权限")
    alert = Alert.objects.select_for_update(of=("self",)).get(pk=alert.pk)
    if alert.closed_at:
        raise AlertClosed("这条预警已经关闭，不能再处置；如又出现，系统会另行预警")
    return alert


def _extended(signal: Signal, until: datetime, kind: str) -> Alert | None:
    """Bring an open alert of the same cause up to date; None where there is none."""
    dimension, value = signal.series.key
    rows = Alert.objects.filter(kind=kind, dimension=dimension, value=value, closed_at=None)
    alert: Alert | None = rows.first()
    if alert is None:
        return None
    _measure(alert, signal, until)
    if kind == Alert.Kind.SURGE:
        _widen(alert, signal)
    alert.save()
    _attach(alert, signal.series.cases)
    return alert


def _widen(alert: Alert, signal: Signal) -> None:
    """Let the alert be of the smallest region that has its old cases and its new ones; who saw it goes on seeing it."""
    former = alert.region_id
    region = _region(counts.common([former, _region(signal.series.region)]))
    if region == former:
        return
    alert.region_id = region
    own = audience_of(region, LINE)
    alert.shared_with = sorted({*alert.shared_with, *audience_of(former, LINE)} - set(own))
    record("hotspot.widen", alert, actor=None, before={"region": former}, after={"region": region})


def _raise(causes: Iterable[Cause], until: datetime, kind: str) -> list[Alert]:
    chosen = list(causes)
    spoken = counts.labels(s.series for c in chosen for s in (c.signal, *c.also))
    alerts = [_raised(cause, until, kind, spoken) for cause in chosen]
    _tell(alerts)
    return alerts


def _tell(alerts: Iterable[Alert]) -> None:
    """Tell those who decide on alerts of the place, once an alert."""
    for alert in alerts:
        notice = SILENCE if alert.kind == Alert.Kind.SILENCE else SURGE
        values = {"region": str(alert.region), "state": alert.get_dimension_display(), "count": alert.count}
        to = holders("hotspot.decide", region=alert.region_id, line=LINE)
        notify(notice, subject=alert, to=to, values=values)


def _raised(cause: Cause, until: datetime, kind: str, spoken: dict[tuple[str, str], str]) -> Alert:
    series = cause.signal.series
    alert = Alert(
        kind=kind,
        dimension=series.dimension,
        value=series.value[:160],
        label=spoken[series.key][:160],
        region_id=_region(_place_of(series.dimension, series.value) or _where(series, kind)),
        line_id=LINE,
        opened_at=until,
        also=[[s.series.dimension, spoken[s.series.key], len(s.series.cases)] for s in cause.also],
    )
    _measure(alert, cause.signal, until)
    alert.save()
    _attach(alert, series.cases)
    after = {"kind": str(kind), "dimension": alert.dimension, "count": alert.count, "bound": alert.bound}
    record("hotspot.raise", alert, actor=None, after=after)
    return alert


def _measure(alert: Alert, signal: Signal, until: datetime) -> None:
    alert.seen_at, alert.count, alert.mean = until, len(signal.series.cases), signal.mean
    alert.bound, alert.chance, alert.past = signal.bound, signal.chance, list(signal.series.past)


def _attach(alert: Alert, cases: Iterable[int]) -> None:
    if alert.dimension in detect.CALLED:
        return
    AlertCase.objects.bulk_create([AlertCase(alert=alert, case_id=pk) for pk in cases], ignore_conflicts=True)


def _place_of(dimension: str, value: str) -> str:
    """Return the prefix of the region that a value is of by itself, "" where it is of none."""
    if dimension in detect.CALLED:
        trunk = Trunk.objects.get(pk=value.partition(":")[0])
        return prefix_of(trunk.region_id)
    return value if dimension in {"county", "city"} else ""


def _where(series: Series, kind: str) -> str:
    """Return where the cases are. Those that still come in where a channel fell silent do not tell where it did."""
    return "" if kind == Alert.Kind.SILENCE else series.region


def _region(prefix: str) -> str:
    return prefix.ljust(6, "0") if prefix else settings.PROVINCE


def _take_turns() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('hotspots', 0))")
