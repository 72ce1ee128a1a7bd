"""The table of a breakdown: a row for each part, sorted, each number with the address of its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.indicators import dimensions
from yanzhen.engines.indicators.declare import Indicator
from yanzhen.engines.indicators.dimensions import REGION, UNKNOWN
from yanzhen.engines.indicators.figures import Breakdown, Figure
from yanzhen.faces.console.lists import with_

DASH = "—"
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


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    below: str
    """Query that goes down into the region; "" where the part is none."""
    numbers: list[Number]


@dataclass(frozen=True, slots=True)
class Table:
    by: str
    label: str
    columns: list[Column]
    rows: list[Row]
    more: int
    """How many rows are left out."""


def table(parted: Mapping[str, Breakdown], *, by: str, sort: str, spoken: str, query: QueryDict) -> Table:
    """Return the breakdown as rows. `sort` is an indicator's code: the largest first, what is unknown last.

    Without it parts stand in their own order, or the largest first where they have none. `spoken` is region and period
    as an address says them.
    """
    keys = sorted({key for each in parted.values() for key in each.parts})
    names = dimensions.labels(by, keys)
    ranked = _ranked(keys, parted, by, sort)
    rows = [
        Row(
            names.get(key, gettext("未定到下级") if by == REGION else DASH),
            with_(query, region=key) if by == REGION and key != UNKNOWN else "",
            [_number(each, key, f"{spoken}&{urlencode({'by': by, 'key': key or NO_KEY})}") for each in parted.values()],
        )
        for key in ranked[:MOST]
    ]  # fmt: skip
    columns = [
        Column(each.whole.indicator, with_(query, sort=code), code == sort) for code, each in parted.items()
    ]
    return Table(by, dimensions.names()[by], columns, rows, max(0, len(ranked) - MOST))


def _ranked(keys: list[str], parted: Mapping[str, Breakdown], by: str, sort: str) -> list[str]:
    """Sort the keys, which come in their own order; what has no key stands last unless it is sorted by a number."""
    code = sort if sort in parted else "" if dimensions.is_ordered(by) else next(iter(parted), "")
    if not code:
        return sorted(keys, key=lambda key: key == UNKNOWN)

    def value(key: str) -> Decimal:
        part = parted[code].parts.get(key)
        return Decimal(-1) if part is None or part.value is None else part.value

    return sorted(keys, key=value, reverse=True)


def _number(each: Breakdown, key: str, query: str) -> Number:
    part = each.parts.get(key)
    if part is None or part.value is None:
        return Number(part, "")
    return Number(part, f"{reverse('console:records', args=[part.indicator.code])}?{query}")
