"""Figures: one declaration gives the number, its breakdown by region, and the records behind it.

All three read the same queryset in the reader's own scope, so a figure can not disagree with its records.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Aggregate, F, Q, QuerySet
from django.db.models import Count as CountOf
from django.db.models import Sum as SumOf
from django.db.models.functions import Left

from yanzhen.engines.indicators.declare import Count, Distinct, Indicator, Period, Ratio, Sum
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


def figure(indicator: Indicator, *, account: Account, region: Region, period: Period) -> Figure:
    """Return the figure over the region's subtree in the period, of what the account may see. One statement."""
    found = _scope(indicator, account, region, period).aggregate(**_sums(indicator))
    return _figure(indicator, found)


def by_region(indicator: Indicator, *, account: Account, region: Region, period: Period) -> dict[str, Figure]:
    """Return the figure of each child region by code, and under "" of what lies in none of them.

    What happened in a region that was merged since counts for the one it was merged into. Sums, counts and bases add
    up to `figure`; distinct counts need not.
    """
    children = list(region.children.filter(valid_to=None).exclude(level=Region.Level.ZONE))
    length = len(children[0].prefix) if children else len(region.prefix)
    home = {prefix: child.code for child in children for prefix in prefixes(child.code)}
    rows = _scope(indicator, account, region, period).annotate(cell=Left("region_id", length)).values("cell")
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows.annotate(**_sums(indicator)).order_by():
        code = home.get(row.pop("cell"), "")
        found[code] = _added(found[code], row)
    return {code: _figure(indicator, sums) for code, sums in found.items()}


def records(
    indicator: Indicator, *, account: Account, region: Region, period: Period, part: str = "part"
) -> QuerySet[Any]:
    """Return the records behind the figure, as the account may see them; `part` is one of PARTS."""
    rows = _scope(indicator, account, region, period)
    chosen, base = _parts(indicator)
    return rows.filter({"all": Q(), "base": base, "part": base & chosen, "rest": base & ~chosen}[part])


def percent(part: int, whole: int) -> Decimal | None:
    """Return `part` of `whole` in percent with two places, rounded half up; None of nothing."""
    if not whole:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP)


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
        case Distinct(field=field) | Sum(field=field):
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
        case Sum(field=field):
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
        case _:
            value = None if sums["part"] is None else Decimal(sums["part"])
    return Figure(indicator, value, sums["n"], sums["total"])
