"""Counts of cases by period and dimension: the rows of the period now, and the periods before it from one statement each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from yanzhen.domains.hotline.calls.models import Trunk
from yanzhen.domains.hotline.hotspots.detect import Series
from yanzhen.domains.hotline.hotspots.models import Alert
from yanzhen.domains.hotline.hotspots.sources import KIND
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.engines.similarity.text import firm_normal, name_normal
from yanzhen.foundation.calendar import CalendarMissing, load_calendar
from yanzhen.foundation.models import Region
from yanzhen.foundation.scope import DEPTHS, prefix_of

WEEK = timedelta(days=7)
SATURDAY = 5
LEAST_WEEKS = 8
"""Of a shorter past nothing can be said."""

PAST = """
select {value} as value, floor(extract(epoch from %(until)s - {at}) / 604800)::int as ago, count(*)
from {table}
where {at} >= %(since)s and {at} < %(until)s and {value} is not null
    and mod(extract(epoch from %(until)s - {at})::bigint, 604800) < %(length)s
group by 1, 2
"""
CASES = "hotline_case"
MEMBERS = f"similarity_member m join hotline_case on hotline_case.id = m.record and m.kind = '{KIND}'"
CALLS = "calls_call c join calls_trunk t on t.id = c.trunk_id and t.active and c.direction = 'in'"
"""Of trunks in use: one that was closed is not silent."""


class Row(NamedTuple):
    """A case of the period now."""

    pk: int
    employer: str
    place: str
    region: str
    category: str | None
    channel: str
    cluster: int | None


class CallRow(NamedTuple):
    """An incoming call of the period now."""

    pk: int
    trunk: int
    queue: str
    region: str


@dataclass(frozen=True, slots=True)
class Dimension:
    """How a case, or a call, is counted: the column in SQL, the same of a row, what is made of the value in Python."""

    code: str
    column: str
    of: Callable[[Any], str | None]
    fold: Callable[[str], str] = str
    table: str = CASES
    at: str = "received_at"
    """The column by which it belongs to a period."""


def _county(region: str) -> str | None:
    return None if region[4:6] == "00" else region[:6]


def _topic(row: Row) -> str | None:
    return f"{row.region[:4]}:{row.category}" if row.category else None


DIMENSIONS = (
    Dimension("employer", "nullif(employer, '')", lambda r: r.employer or None, firm_normal),
    Dimension(
        "cluster", "m.cluster_id::text", lambda r: str(r.cluster) if r.cluster else None, table=MEMBERS
    ),
    Dimension("place", "nullif(place, '')", lambda r: r.place or None, name_normal),
    Dimension("category", "left(region_id, 4) || ':' || category_id", _topic),
    Dimension(
        "county",
        "case when substr(region_id, 5, 2) <> '00' then left(region_id, 6) end",
        lambda r: _county(r.region),
    ),
    Dimension("channel", "channel", lambda r: r.channel),
    Dimension("city", "left(region_id, 4)", lambda r: r.region[:4]),
)
PLACES_AND_LINES = (
    *(d for d in DIMENSIONS if d.code in {"county", "channel", "city"}),
    Dimension("trunk", "c.trunk_id::text", lambda r: str(r.trunk), table=CALLS, at="c.started_at"),
    Dimension(
        "queue",
        "c.trunk_id || ':' || nullif(c.queue, '')",
        lambda r: f"{r.trunk}:{r.queue}" if r.queue else None,
        table=CALLS,
        at="c.started_at",
    ),
)
"""What may fall silent: places and channels by their cases, trunks and queues by their calls, whatever becomes of those."""


@dataclass(frozen=True, slots=True)
class Period:
    """The last `length` before `until`, and the same of as many weeks before as there are, `weeks` at most."""

    until: datetime
    length: timedelta
    weeks: int

    @property
    def since(self) -> datetime:
        return self.until - self.length


def weeks_known(until: datetime, most: int) -> int:
    """Return how many whole weeks before the last one there are cases of."""
    first = Case.objects.order_by("received_at").values_list("received_at", flat=True).first()
    return min(most, (until - first) // WEEK - 1) if first else 0


def series_of(period: Period, dimensions: Iterable[Dimension]) -> list[Series]:
    """Return the counts of every value that has a case in the period or before it: two statements a dimension."""
    wanted = list(dimensions)
    cases = list(_rows(period))
    calls = list(_calls(period)) if any(each.table == CALLS for each in wanted) else []
    left_out = _weeks_of_alerts(period)
    return [
        one
        for each in wanted
        for one in _series(period, each, calls if each.table == CALLS else cases, left_out)
    ]


def _series(
    period: Period, dimension: Dimension, rows: Sequence[Any], left_out: Mapping[tuple[str, str], set[int]]
) -> Iterable[Series]:
    now: dict[str, list[Any]] = defaultdict(list)
    spoken: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        raw = dimension.of(row)
        if raw is not None and (value := dimension.fold(raw)):
            now[value].append(row)
            spoken[value][raw] += 1
    past: dict[str, list[int]] = defaultdict(lambda: [0] * period.weeks)
    for raw, ago, count in _past(period, dimension):
        value = dimension.fold(raw)
        if ago and value:
            past[value][period.weeks - ago] += count
    for value in sorted(now.keys() | past.keys()):
        mine = now.get(value, [])
        skipped = left_out.get((dimension.code, value), set())
        kept = [n for week, n in enumerate(past[value]) if period.weeks - week not in skipped]
        counts = kept if len(kept) >= LEAST_WEEKS else past[value]
        label = spoken[value].most_common(1)[0][0] if mine else value
        region = common(r.region for r in mine) if mine else ""
        yield Series(dimension.code, value, label, region, tuple(counts), frozenset(r.pk for r in mine))


def _rows(period: Period) -> Iterable[Row]:
    clusters = """
        select c.id, c.employer, c.place, c.region_id, c.category_id, c.channel, m.cluster_id
        from hotline_case c left join similarity_member m on m.record = c.id and m.kind = %s
        where c.received_at >= %s and c.received_at < %s
    """
    with connection.cursor() as cursor:
        cursor.execute(clusters, [KIND, period.since, period.until])
        return [Row(*values) for values in cursor.fetchall()]


def _calls(period: Period) -> Iterable[CallRow]:
    calls = f"""
        select c.id, c.trunk_id, c.queue, c.region_id from {CALLS}
        where c.started_at >= %s and c.started_at < %s
    """  # noqa: S608  # program text
    with connection.cursor() as cursor:
        cursor.execute(calls, [period.since, period.until])
        return [CallRow(*values) for values in cursor.fetchall()]


def _past(period: Period, dimension: Dimension) -> list[tuple[str, int, int]]:
    """Return (value, weeks ago, cases): 0 weeks ago is the period itself."""
    values: dict[str, datetime | int] = {
        "until": period.until,
        "since": period.until - WEEK * (period.weeks + 1),
        "length": int(period.length.total_seconds()),
    }
    with connection.cursor() as cursor:
        cursor.execute(PAST.format(value=dimension.column, table=dimension.table, at=dimension.at), values)
        return [(value, ago, count) for value, ago, count in cursor.fetchall()]


def _weeks_of_alerts(period: Period) -> Mapping[tuple[str, str], set[int]]:
    """Return how many weeks ago a value stood out: what an alert explained is no past to compare with."""
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    rows = Alert.objects.filter(
        seen_at__gt=period.until - WEEK * (period.weeks + 1), opened_at__lte=period.until
    )
    for dimension, value, opened, seen in rows.values_list("dimension", "value", "opened_at", "seen_at"):
        first, last = (period.until - seen) // WEEK, (period.until - (opened - period.length)) // WEEK
        found[dimension, value].update(range(max(first, 1), last + 1))
    return found


def common(regions: Iterable[str]) -> str:
    """Return the prefix of the smallest region that has all of these; "" where no region has."""
    prefixes = {prefix_of(code) for code in regions}
    for depth in reversed(DEPTHS):
        if len({p[:depth] for p in prefixes}) == 1 and min(map(len, prefixes)) >= depth:
            return prefixes.pop()[:depth]
    return ""


def labels(series: Iterable[Series]) -> dict[tuple[str, str], str]:
    """Return what people call the values that are codes."""
    wanted = list(series)
    regions = {s.value.partition(":")[0] for s in wanted if s.dimension in {"county", "city", "category"}}
    names = dict(
        Region.objects.filter(code__in=[code.ljust(6, "0") for code in regions]).values_list("code", "name")
    )
    topics = dict(Category.objects.values_list("code", "name"))
    trunks = {str(pk): name for pk, name in Trunk.objects.values_list("pk", "name")}
    spoken = {}
    for one in wanted:
        place, _colon, topic = one.value.partition(":")
        name = names.get(place.ljust(6, "0"), place)
        spoken[one.key] = {
            "category": f"{name} {topics.get(topic, topic)}",
            "county": name,
            "city": name,
            "channel": str(dict(Case.Channel.choices).get(one.value, one.value)),
            "cluster": f"同类诉求 {one.value}",
            "trunk": trunks.get(one.value, one.value),
            "queue": f"{trunks.get(place, place)} {topic}",
        }.get(one.dimension, one.label)
    return spoken


def unlike_its_weekday(until: datetime) -> bool:
    """Tell whether the day before `until` is a day off in the middle of the week."""
    day = timezone.localtime(until - timedelta(microseconds=1)).date()
    calendar = load_calendar()
    try:
        return day.weekday() < SATURDAY and not calendar.is_working(day)
    except CalendarMissing:
        return False
