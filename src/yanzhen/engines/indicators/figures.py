"""Figures: one declaration gives the number, its breakdown by a dimension, and the records behind it and each part.

All of them read the same queryset in the reader's own scope, so a figure can not disagree with its records.
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

from yanzhen.engines.indicators.declare import Count, Distinct, Indicator, Mean, Period, Ratio, Sum
from yanzhen.engines.indicators.dimensions import REGION, Cell, Cut, cut_of
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
    def said(self) -> str:
        """The value as people read it, in groups of three digits; "" where it is unknown."""
        return "" if self.value is None else f"{self.value.normalize():,f}"

    @property
    def has_base(self) -> bool:
        """Whether it is a share or an average of its `n` records, and tells little where they are few."""
        return isinstance(self.indicator.measure, Ratio | Mean)

    @property
    def outside(self) -> Decimal | None:
        """Percent of the records that the base leaves out, such as cases nobody rated."""
        return percent(self.total - self.n, self.total)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A figure with what it is made of: by the key of each part, and under "" what has none."""

    whole: Figure
    parts: dict[str, Figure]


def figure(
    indicator: Indicator, *, account: Account, region: Region, period: Period, cell: Cell | None = None
) -> Figure:
    """Return the figure over the region's subtree in the period, of what the account may see. One statement.

    With a cell, that of one part of a breakdown.
    """
    found = _scope(indicator, account, region, period, cell).aggregate(**_sums(indicator))
    return _figure(indicator, found)


def figures(
    indicators: Iterable[Indicator], *, account: Account, region: Region, period: Period
) -> dict[str, Figure]:
    """Return each figure by its code. Those that count the same records are counted in one statement."""
    found: dict[str, Figure] = {}
    for group in _by_records(indicators).values():
        sums = _scope(group[0], account, region, period).aggregate(**_sums_of(group))
        found |= {indicator.code: _figure(indicator, _own(indicator, sums)) for indicator in group}
    return found


def breakdowns(
    indicators: Iterable[Indicator], *, account: Account, region: Region, period: Period, by: str = REGION
) -> dict[str, Breakdown]:
    """Return each indicator's breakdown by its code, in their order.

    Those that count the same records are counted in one statement. Indicators whose records have no dimension `by`, or
    that are not to be parted by it, are left out. What happened in a region that was merged since counts for the one it
    was merged into. Sums, counts and bases add up to the whole; distinct counts need not, so they cost a
    statement more.
    """
    found: dict[str, Breakdown] = {}
    asked = [indicator for indicator in indicators if by not in indicator.not_by]
    for group in _by_records(asked).values():
        rows = _scope(group[0], account, region, period)
        cut = cut_of(rows.model._meta.label_lower, by, region)
        if cut is None:
            continue
        cells = _cells(group, rows, cut)
        for indicator in group:
            own = {code: _own(indicator, sums) for code, sums in cells.items()}
            parts = {code: _figure(indicator, sums) for code, sums in own.items()}
            if isinstance(indicator.measure, Distinct):
                whole = figure(indicator, account=account, region=region, period=period)
            else:
                whole = _figure(indicator, reduce(_added, own.values(), _nothing(indicator)))
            found[indicator.code] = Breakdown(whole, parts)
    return {each.code: found[each.code] for each in asked if each.code in found}


def _by_records(indicators: Iterable[Indicator]) -> dict[tuple[Any, str], list[Indicator]]:
    groups: dict[tuple[Any, str], list[Indicator]] = defaultdict(list)
    for indicator in indicators:
        groups[indicator.records, indicator.dated].append(indicator)
    return groups


def _cells(group: list[Indicator], rows: QuerySet[Any], cut: Cut) -> dict[str, dict[str, Any]]:
    """Return the sums of all of `group` by part, each under its indicator's code."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in cut.parted(rows).values("cell").annotate(**_sums_of(group)).order_by():
        code = cut.part_of(row.pop("cell"))
        found[code] = _added(found[code], row)
    return found


def _sums_of(group: list[Indicator]) -> dict[str, Aggregate]:
    return {f"{i.code}/{name}": each for i in group for name, each in _sums(i).items()}


def _own(indicator: Indicator, sums: dict[str, Any]) -> dict[str, Any]:
    mine = f"{indicator.code}/"
    return {name.removeprefix(mine): value for name, value in sums.items() if name.startswith(mine)}


def _nothing(indicator: Indicator) -> dict[str, Any]:
    """The sums of no records at all: a count of nothing is 0, a total of nothing is unknown."""
    return {name: None if isinstance(each, SumOf) else 0 for name, each in _sums(indicator).items()}


def records(
    indicator: Indicator,
    *,
    account: Account,
    region: Region,
    period: Period,
    part: str = "part",
    cell: Cell | None = None,
) -> QuerySet[Any]:
    """Return the records behind the figure, or behind one part of its breakdown, as the account may see them.

    `part` is one of PARTS.
    """
    rows = _scope(indicator, account, region, period, cell)
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


def _scope(
    indicator: Indicator, account: Account, region: Region, period: Period, cell: Cell | None = None
) -> QuerySet[Any]:
    """Return the rows that are looked at; none of a cell that these records do not fall into."""
    within = {
        f"{indicator.dated}__gte": _midnight(period.first),
        f"{indicator.dated}__lt": _midnight(period.after),
    }
    rows = indicator.records(account).within(prefixes(region.code)).filter(**within)  # type: ignore[attr-defined]  # scoped
    if cell is None:
        return rows  # type: ignore[no-any-return]  # as above
    if cell.by in indicator.not_by:
        return rows.none()  # type: ignore[no-any-return]  # as above
    cut = cut_of(rows.model._meta.label_lower, cell.by, region)
    return cut.within(rows, cell.key) if cut else rows.none()


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
