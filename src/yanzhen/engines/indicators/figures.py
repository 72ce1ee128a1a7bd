"""Figures: one declaration gives the number, its breakdown by region, and the records behind it.

All three read the same queryset in the reader's own scope, so a figure can not disagree with its records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Aggregate, F, Q, QuerySet
from django.db.models import Count as CountOf
from django.db.models import Sum as SumOf
from django.db.models.functions import Left

from yanzhen.engines.indicators.declare import Count, Distinct, Indicator, Mean, Period, Ratio, Sum
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.regions import prefixes

PARTS = ("all", "base", "part", "rest")
"""Which records are asked for: all; those in the base; those that make the figure; those in the base that do not."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is None where nothing is known. `n` records made it, out of `total` that were looked at."""

    indicator: Indicator
    value: Decimal | None
    n: int
    total: int

    @property
    def outside(self) -> Decimal | None:
        """Percent of the records that the base leaves out, such as cases nobody rated."""
        return percent(self.total - self.n, self.total)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A figure with what it is made of: by the code of each child region, and under "" what lies in none of them."""

    whole: Figure
    parts: dict[str, Figure]


def figure(indicator: Indicator, *, account: Account, region: Region, period: Period) -> Figure:
    """Return the figure over the region's subtree in the period, of what the account may see. One statement."""
    found = _scope(indicator, account, region, period).aggregate(**_sums(indicator))
    return _figure(indicator, found)


def breakdowns(
    indicators: Iterable[Indicator], *, account: Account, region: Region, period: Period
) -> dict[str, Breakdown]:
    """Return each indicator's breakdown by its code. Those that count the same records are counted in one statement.

    What happened in a region that was merged since counts for the one it was merged into. Sums, counts and bases add up
    to the whole; distinct counts need not, so they cost a statement more.
    """
    found: dict[str, Breakdown] = {}
    for group in _by_records(indicators).values():
        cells = _cells(group, account, region, period)
        for indicator in group:
            own = {code: _own(indicator, sums) for code, sums in cells.items()}
            parts = {code: _figure(indicator, sums) for code, sums in own.items()}
            if isinstance(indicator.measure, Distinct):
                whole = figure(indicator, account=account, region=region, period=period)
            else:
                whole = _figure(indicator, reduce(_added, own.values(), _nothing(indicator)))
            found[indicator.code] = Breakdown(whole, parts)
    return found


def _by_records(indicators: Iterable[Indicator]) -> dict[tuple[Any, str], list[Indicator]]:
    groups: dict[tuple[Any, str], list[Indicator]] = defaultdict(list)
    for indicator in indicators:
        groups[indicator.records, indicator.dated].append(indicator)
    return groups


def _cells(
    group: list[Indicator], account: Account, region: Region, period: Period
) -> dict[str, dict[str, Any]]:
    """Return the sums of all of `group` by child region, each under its indicator's code."""
    children = list(region.children.filter(valid_to=None).exclude(level=Region.Level.ZONE))
    length = len(children[0].prefix) if children else len(region.prefix)
    home = {prefix: child.code for child in children for prefix in prefixes(child.code)}
    sums = {f"{i.code}/{name}": each for i in group for name, each in _sums(i).items()}
    rows = _scope(group[0], account, region, period).annotate(cell=Left("region_id", length)).values("cell")
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows.annotate(**sums).order_by():
        code = home.get(row.pop("cell"), "")
        found[code] = _added(found[code], row)
    return found


def _own(indicator: Indicator, sums: dict[str, Any]) -> dict[str, Any]:
    mine = f"{indicator.code}/"
    return {name.removeprefix(mine): value for name, value in sums.items() if name.startswith(mine)}


def _nothing(indicator: Indicator) -> dict[str, Any]:
    """The sums of no records at all: a count of nothing is 0, a total of nothing is unknown."""
    return {name: None if isinstance(each, SumOf) else 0 for name, each in _sums(indicator).items()}


def records(
    indicator: Indicator, *, account: Account, region: Region, period: Period, part: str = "part"
) -> QuerySet[Any]:
    """Return the records behind the figure, as the account may see them; `part` is one of PARTS."""
    rows = _scope(indicator, account, region, period)
    chosen, base = _parts(indicator)
    rest = base & ~chosen if chosen else Q(pk__in=())
    return rows.filter({"all": Q(), "base": base, "part": base & chosen, "rest": rest}[part])


def percent(part: int, whole: int) -> Decimal | None:
    """Return `part` of `whole` in percent with two places, rounded half up; None of nothing."""
    return _quotient(part * 100, whole)


def _quotient(part: int | None, whole: int) -> Decimal | None:
    if part is None or not whole:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _scope(indicator: Indicator, account: Account, region: Region, period: Period) -> QuerySet[Any]:
    within = {
        f"{indicator.dated}__gte": _midnight(period.first),
        f"{indicator.dated}__lt": _midnight(period.after),
    }
    return indicator.records(account).within(prefixes(region.code)).filter(**within)  # type: ignore[attr-defined, no-any-return]  # scoped


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE))


def _parts(indicator: Indicator) -> tuple[Q, Q]:
    match indicator.measure:
        case Ratio(part=part, base=base):
            return part, base
        case Distinct(field=field) | Sum(field=field) | Mean(field=field):
            return Q(), Q(**{f"{field}__isnull": False})
        case Count():
            return Q(), Q()


def _sums(indicator: Indicator) -> dict[str, Aggregate]:
    chosen, base = _parts(indicator)
    sums: dict[str, Aggregate] = {
        "total": CountOf("pk"),
        "n": CountOf("pk", filter=base) if base else CountOf("pk"),
    }
    match indicator.measure:
        case Ratio():
            sums["part"] = CountOf("pk", filter=base & chosen)
        case Distinct(field=field):
            sums["part"] = CountOf(F(field), distinct=True)
        case Sum(field=field) | Mean(field=field):
            sums["part"] = SumOf(F(field))
    return sums


def _added(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    keys = one.keys() | other.keys()
    return {key: _plus(one.get(key), other.get(key)) for key in keys}


def _plus(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else one + other


def _figure(indicator: Indicator, sums: dict[str, Any]) -> Figure:
    value: Decimal | None
    match indicator.measure:
        case Count():
            value = Decimal(sums["total"])
        case Ratio():
            value = percent(sums["part"], sums["n"])
        case Mean(per=per):
            value = _quotient(sums["part"], sums["n"] * per)
        case _:
            value = None if sums["part"] is None else Decimal(sums["part"])
    return Figure(indicator, value, sums["n"], sums["total"])
