"""Pages by key, forward and back: a page is read from where its neighbour ended, so page 5,000 costs what page 1 does."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Model, Q, QuerySet

from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.placed import walking
from yanzhen.foundation.scope import ScopedQuerySet

SIZE = 50
CAP = 500
"""A list that is longer is said to have "500+" rows: beyond it nobody needs the number, and it costs."""
LARGEST = 2**63 - 1
DIGITS = len(str(LARGEST))
M = TypeVar("M", bound=Model)
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Order:
    """By a date-time field, then by id. Rows without a date stand at the end, by id."""

    field: str
    label: str
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """`previous` and `following` are cursors, "" where there is no such page; `count` is that of the whole list."""

    rows: list[M]
    previous: str
    following: str
    count: int | None = None
    """Up to the cap, and one more where there are more; None where it was not asked for."""


@dataclass(frozen=True, slots=True)
class Key:
    """Where a row stands, and whether the page wanted lies before it."""

    at: datetime | None
    pk: int
    before: bool


def page_of(
    rows: QuerySet[M], order: Order, *, cursor: str = "", size: int = SIZE, counted: bool = False
) -> Page[M]:
    """Return one page in a statement for each part of `rows`, two where it reaches into the rows without a date.

    Rows come without what they point to: a join before the limit is what goes wrong at a million rows. Raises Invalid for a cursor that is none of ours.
    """
    key = _read(cursor) if cursor else None
    back = key is not None and key.before
    found, count = _parts(rows.select_related(None), order, key, size + 1, counted)
    more = len(found) > size
    found = found[:size]
    if back:
        found.reverse()
    if not found:
        return Page([], "", "", count)
    return Page(
        found,
        _write(order, found[0], before=True) if (more if back else key) else "",
        _write(order, found[-1], before=False) if back or more else "",
        count,
    )


def count_of(rows: QuerySet[Any], cap: int = CAP) -> int:
    """Return the number of rows, or `cap` + 1 where there are more."""
    return counts_of({"": rows}, cap)[""]


def counts_of(named: Mapping[K, QuerySet[Any]], cap: int = CAP) -> dict[K, int]:
    """Return the number of rows of each, or `cap` + 1 where there are more: one statement for all of them."""
    counts = dict.fromkeys(named, 0)
    asked: list[tuple[K, str]] = []
    values: list[Any] = []
    for name, rows in named.items():
        try:
            sql, given = rows.select_related(None).order_by().values("pk")[: cap + 1].query.sql_with_params()
        except EmptyResultSet:
            continue
        asked.append((name, f"(select count(*) from ({sql}) counted)"))  # noqa: S608  # made by the ORM
        values += given
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(f"select {', '.join(part for _, part in asked)}", values)
            counts |= dict(zip((name for name, _ in asked), cursor.fetchone(), strict=True))
    return counts


def _parts(
    rows: QuerySet[M], order: Order, key: Key | None, limit: int, counted: bool
) -> tuple[list[M], int | None]:
    """Read from each part as far as the page may need it, and put what was found in order."""
    parts: Sequence[QuerySet[M]] = rows.parts(order.field) if isinstance(rows, ScopedQuerySet) else [rows]  # type: ignore[list-item]  # a queryset of what it was
    orders: Mapping[str, bool] = getattr(rows.model, "place_orders", {})
    found: list[M] = []
    count = 0
    for part in parts:
        # the first, or the only one, lies along an index
        walks = part is parts[0] and order.field in orders and not getattr(rows, "sparse", False)
        with walking(few=orders[order.field]) if walks else nullcontext():
            read = _stretch(part, order, key, limit)
            if counted and count <= CAP:
                count += len(read) if key is None and len(read) < limit else count_of(part, CAP - count)
        found += read
    if len(parts) > 1:
        found = _in_order(found, order, back=key is not None and key.before)
    return found[:limit], count if counted else None


def _in_order(rows: Iterable[M], order: Order, *, back: bool) -> list[M]:
    down, at = order.descending != back, attrgetter(order.field)
    every = sorted(rows, key=attrgetter("pk"), reverse=down)
    dated = sorted((row for row in every if at(row) is not None), key=at, reverse=down)
    undated = [row for row in every if at(row) is None]
    return [*undated, *dated] if back else [*dated, *undated]


def _stretch(rows: QuerySet[M], order: Order, key: Key | None, limit: int) -> list[M]:
    """Read from the dated rows and then from those without a date, or the other way round when going back.

    Two segments instead of NULLS LAST: each is a plain range of an index. Where no index has the order, the first page is
    one statement.
    """
    if key is None and order.nullable and order.field not in getattr(rows.model, "place_orders", {}):
        at = F(order.field)
        last = at.desc(nulls_last=True) if order.descending else at.asc(nulls_last=True)
        return list(rows.order_by(last, "-pk" if order.descending else "pk")[:limit])
    back = key is not None and key.before
    dated = [True, False] if order.nullable else [True]
    if back:
        dated.reverse()
    if key and (key.at is not None) != dated[0]:
        dated = dated[1:]
    found: list[M] = []
    for segment in dated:
        at_key = key if key and (key.at is not None) == segment else None
        found += _segment(rows, order, segment, at_key, limit - len(found), back=back)
        if len(found) >= limit:
            break
    return found


def _segment(
    rows: QuerySet[M], order: Order, dated: bool, key: Key | None, limit: int, *, back: bool
) -> Sequence[M]:
    down = order.descending != back
    sign, ahead = ("-", "lt") if down else ("", "gt")
    name = order.field
    if order.nullable:
        rows = rows.filter(**{f"{name}__isnull": not dated})
    if not dated:
        if key:
            rows = rows.filter(**{f"pk__{ahead}": key.pk})
        return list(rows.order_by(f"{sign}pk")[:limit])
    if key:
        # the second condition follows from the first; it is what the index can use
        beyond = Q(**{f"{name}__{ahead}": key.at}) | Q(**{name: key.at, f"pk__{ahead}": key.pk})
        rows = rows.filter(beyond, **{f"{name}__{ahead}e": key.at})
    return list(rows.order_by(f"{sign}{name}", f"{sign}pk")[:limit])


def _write(order: Order, row: Model, *, before: bool) -> str:
    at = getattr(row, order.field)
    words = json.dumps([at and at.isoformat(), row.pk, before])
    return base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")


def _read(cursor: str) -> Key:
    try:
        at, pk, before = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        when = datetime.fromisoformat(at) if at else None
        moment = when and when.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise Invalid("翻页位置无效，请从第一页重新打开") from None
    if type(pk) is not int or (when and when.tzinfo is None):
        raise Invalid("翻页位置无效，请从第一页重新打开")
    return Key(moment, pk, bool(before))


def ids_of(texts: Iterable[str]) -> list[int]:
    """Return what can be the id of a row; the rest is no row of ours."""
    return [pk for pk in (int(t) for t in texts if t.isdecimal() and len(t) <= DIGITS) if pk <= LARGEST]
