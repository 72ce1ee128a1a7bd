"""The table of a breakdown: a row for each part, sorted, each number with the address of its records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.engines.indicators import dimensions
from yanzhen.engines.indicators.declare import Indicator
from yanzhen.engines.indicators.dimensions import REGION, UNKNOWN
from yanzhen.engines.indicators.figures import Breakdown, Figure
from yanzhen.faces.console.lists import with_
from yanzhen.foundation import parameters

DASH = "—"
LEAST_BASE = "indicators.least_base"
GROUPS = {
    "hotline": "诉求工单",
    "calls": "电话",
    "closing": "回访与质检",
    "repeats": "重复诉求",
    "craftsmen": "工匠与师徒",
}
"""By the first part of an indicator's code, in the order in which they are shown."""
NO_KEY = "-"
"""How an address names the part without a value: an empty one would name no part at all."""
MOST = 200
"""Rows that are shown; a province has more agents than anybody reads down."""


@dataclass(frozen=True, slots=True)
class Column:
    indicator: Indicator
    sort: str
    """Query of the same table sorted by this column."""
    sorted: bool


@dataclass(frozen=True, slots=True)
class Number:
    """`query` opens the records; "" where there is nothing to open."""

    figure: Figure | None
    url: str
    few: bool
    """Whether so few records made it that it tells little."""


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    below: str
    """Query that goes down into the region; "" where the part is none."""
    numbers: list[Number]


@dataclass(frozen=True, slots=True)
class Table:
    group: str
    by: str
    label: str
    columns: list[Column]
    rows: list[Row]
    more: int
    """How many rows are left out."""


def groups(figures: Iterable[Figure]) -> list[tuple[str, list[Figure]]]:
    """Return the figures under the labels of what they are about."""
    found: dict[str, list[Figure]] = {code: [] for code in GROUPS}
    for each in figures:
        found[group_of(each.indicator)].append(each)
    return [(gettext(GROUPS[code]), each) for code, each in found.items() if each]


def group_of(indicator: Indicator) -> str:
    return indicator.code.partition(".")[0]


def tables(
    parted: Mapping[str, Breakdown], *, by: str, sort: str, spoken: str, query: QueryDict
) -> list[Table]:
    """Return the breakdown as a table for each group. `sort` is an indicator's code: the largest first, what is
    unknown last.

    Without it parts stand in their own order, or the largest first where they have none. `spoken` is region and period
    as an address says them.
    """
    names = dimensions.labels(by, {key for each in parted.values() for key in each.parts})
    least = parameters.get(LEAST_BASE, on=timezone.localdate(), region=settings.PROVINCE).value
    found = []
    for group, label in GROUPS.items():
        own = {code: each for code, each in parted.items() if group_of(each.whole.indicator) == group}
        if any(each.parts for each in own.values()):
            found.append(
                _table(own, gettext(label), names, least, by=by, sort=sort, spoken=spoken, query=query)
            )
    return found


def _table(
    parted: Mapping[str, Breakdown], group: str, names: Mapping[str, str], least: Decimal, *,
    by: str, sort: str, spoken: str, query: QueryDict,
) -> Table:  # fmt: skip
    keys = sorted({key for each in parted.values() for key in each.parts})
    ranked = _ranked(keys, parted, by, sort)
    rows = [
        Row(
            names.get(key, gettext("未定到下级") if by == REGION else DASH),
            with_(query, region=key) if by == REGION and key != UNKNOWN else "",
            [_number(each, key, f"{spoken}&{urlencode({'by': by, 'key': key or NO_KEY})}", least) for each in parted.values()],
        )
        for key in ranked[:MOST]
    ]  # fmt: skip
    columns = [
        Column(each.whole.indicator, with_(query, sort=code), code == sort) for code, each in parted.items()
    ]
    return Table(group, by, dimensions.names()[by], columns, rows, max(0, len(ranked) - MOST))


def _ranked(keys: list[str], parted: Mapping[str, Breakdown], by: str, sort: str) -> list[str]:
    """Sort the keys, which come in their own order; what has no key stands last unless it is sorted by a number."""
    code = sort if sort in parted else "" if dimensions.is_ordered(by) else next(iter(parted), "")
    if not code:
        return sorted(keys, key=lambda key: key == UNKNOWN)

    def value(key: str) -> Decimal:
        part = parted[code].parts.get(key)
        return Decimal(-1) if part is None or part.value is None else part.value

    return sorted(keys, key=value, reverse=True)


def _number(each: Breakdown, key: str, query: str, least: Decimal) -> Number:
    part = each.parts.get(key)
    if part is None or part.value is None:
        return Number(part, "", few=False)
    url = f"{reverse('console:records', args=[part.indicator.code])}?{query}"
    return Number(part, url, few=part.has_base and part.n < least)
