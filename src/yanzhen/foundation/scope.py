"""Matrix access: a grant covers a region subtree and one department line, or all lines.

Every scoped row carries an `audience`: one key for each subtree and line it belongs to, so that both walls,
the queryset and PostgreSQL's row-level security, ask the same question: do the keys overlap?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.fields.array import ArrayOverlap  # type: ignore[attr-defined]  # the stubs leave it out
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.models import F, Func, Q
from django.db.models.functions import Cast

if TYPE_CHECKING:
    from yanzhen.foundation.models import Account

ANY_LINE = "*"
DEPTHS = (2, 4, 6, 9)
"""Lengths of the prefixes of a region code: province, city, county, town (GB/T 2260 and GB/T 10114)."""
EVERYTHING = f"{ANY_LINE}:"
"""The key that every row's audience has: the reach of the worker's sweeps and of the commands."""


def prefix_of(code: str) -> str:
    """Return the prefix that all codes of the subtree share: 370000 -> 37, 370100 -> 3701, 370102 -> itself."""
    if len(code) != 6:
        return code
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


@dataclass(frozen=True, slots=True)
class Reach:
    """One cell of the matrix: a region prefix such as "3701", and a line or (None) all lines."""

    prefix: str
    line: str | None = None

    @property
    def key(self) -> str:
        return f"{self.line or ANY_LINE}:{self.prefix}"

    def covers(self, region: str, line: str) -> bool:
        return prefix_of(region).startswith(self.prefix) and self.line in (None, line)


def audience_of(region: str, line: str) -> list[str]:
    """Return the keys of every reach that covers a row of `region` and `line`.

    The database computes the same for a row's own place (function `yanzhen_audience`).
    """
    return list(_audience(region, line))


@lru_cache(maxsize=4096)
def _audience(region: str, line: str) -> tuple[str, ...]:
    """Asked several times of every row of a long list, most of which lie in few places."""
    prefix = prefix_of(region)
    prefixes = [prefix[:n] for n in DEPTHS if n <= len(prefix)]
    return (EVERYTHING, *(f"{who}:{p}" for who in (ANY_LINE, line) for p in prefixes))


@ArrayField.register_lookup
class ReachedBy(ArrayOverlap):  # type: ignore[misc]  # and so take it for Any
    """The overlap of the keys, said so that the planner takes it for likely.

    The policy of row-level security asks the same, and its estimate is right: multiplied by itself it would be none.
    """

    lookup_name = "reached_by"

    def as_sql(self, *args: Any, **more: Any) -> tuple[str, list[Any]]:
        sql, values = super().as_sql(*args, **more)
        return f"coalesce({sql}, false)", values


class ScopedQuerySet(models.QuerySet[Any]):
    """Rows tied to a region and a department line. Faces start every read with `visible_to`."""

    reach_keys: tuple[str, ...] = ()
    """The audience keys that the rows were narrowed to."""
    sparse: bool = False
    """Whether they are known to be few (`fetched`)."""

    def _clone(self) -> Self:
        found: Self = super()._clone()  # type: ignore[misc]  # Django's own hook, which its stubs leave out
        found.reach_keys, found.sparse = self.reach_keys, self.sparse
        return found

    def visible_to(self, account: Account, right: str) -> Self:
        """Keep the rows that `account` holds `right` over; no join, no duplicates."""
        keys = sorted({reach.key for reach in account.reaches(right)})
        if not keys:
            return self.none()
        kept: Q = self.model.kept_from(account)
        found = self.filter(~kept if kept else Q(), audience__reached_by=keys)
        found.reach_keys = tuple(keys)
        return found

    def fetched(self) -> Self:
        """Say of rows that an index of their own finds, few as they are: no list of a place is walked for them."""
        found = self._chain()  # type: ignore[attr-defined]  # as `_clone`
        found.sparse = True
        return cast(Self, found)

    def parts(self, order: str) -> list[Self]:
        """Return the same rows in parts that share none: those of the reach's own place, which an index gives in `order`, and those that a party of it was asked into elsewhere, where there are such.

        They are one part in a table that is not read by place (foundation.placed), for keys of several places, and for
        a place that most rows lie in.
        """
        prefixes = {key.partition(":")[2] for key in self.reach_keys}
        column = self.model.place_columns.get(len(min(prefixes, default="")))
        if column is None or len(prefixes) > 1 or self.sparse or order not in self.model.place_orders:
            return [self]
        prefix = prefixes.pop()
        here = Q(**{column: prefix})
        if not self.model.is_asked_elsewhere(self.reach_keys, column, prefix):
            return [self.filter(here)]
        return [self.filter(here), self.filter(~here, elsewhere=True)]

    def within(self, prefixes: Iterable[str]) -> Self:
        """Keep the rows that lie in a region subtree, given as the prefixes of `regions.prefixes`.

        What a party of the subtree was asked into lies elsewhere, and is counted there. A range of codes and no LIKE:
        under row-level security an index serves only operators that can not leak.
        """
        own = [self._under(prefix) for prefix in sorted(set(prefixes))]
        return self.filter(reduce(or_, own)) if own else self.none()

    def _under(self, prefix: str) -> Q:
        if column := self.model.place_columns.get(len(prefix)):
            return Q(**{column: prefix})
        return Q(region_id__gte=prefix, region_id__lt=prefix[:-1] + chr(ord(prefix[-1]) + 1))


class Scoped(models.Model):
    """Base of every row that belongs to a place and a department line."""

    walled: ClassVar[bool] = True
    """Whether row-level security guards the table too (foundation.walls)."""
    place_columns: ClassVar[dict[int, str]] = {}
    """Which column holds a place, by the length of its prefix, in a table that is read by place (foundation.placed)."""
    place_orders: ClassVar[dict[str, bool]] = {}

    region = models.ForeignKey(
        "foundation.Region", models.PROTECT, related_name="+", db_index=False, verbose_name="行政区划"
    )
    line = models.ForeignKey(
        "foundation.Line", models.PROTECT, related_name="+", db_index=False, verbose_name="条线"
    )
    shared_with = ArrayField(models.TextField(), default=list, editable=False)
    """Audience keys beyond the row's own place: those of the parties that a procedure brought in."""
    audience = models.GeneratedField(
        expression=Func(F("region_id"), F("line_id"), F("shared_with"), function="yanzhen_audience"),
        output_field=ArrayField(models.TextField()),
        db_persist=True,
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True
        indexes: ClassVar[tuple[models.Index, ...]] = (
            GinIndex(fields=("audience",), name="%(class)s_audience"),
        )

    @classmethod
    def kept_from(cls, account: Account) -> Q:
        """Return which rows `account` never sees, whatever it holds over them; an empty condition where it sees all."""
        return Q()

    def is_kept_from(self, account: Account) -> bool:
        """Tell the same of this row."""
        return False

    def lies_in(self, reaches: Iterable[Reach]) -> bool:
        """Tell whether one of `reaches` covers this row or a party to it."""
        keys = {*audience_of(self.region_id, self.line_id), *self.shared_with}
        return any(reach.key in keys for reach in reaches)


def kept_subjects(account: Account) -> Q:
    """Return the condition, on (`subject_type`, `subject_id`), that a row speaks of one that is kept from the account.

    Read it with everything in reach: what row-level security hides of the subjects would not be known as kept.
    """
    found = Q()
    for model in apps.get_models():
        if issubclass(model, Scoped) and (kept := model.kept_from(account)):
            ids = model._default_manager.filter(kept).values(text=Cast("pk", models.TextField()))
            found |= Q(subject_type=model._meta.label_lower, subject_id__in=ids)
    return found


@contextmanager
def database_scope(keys: Iterable[str]) -> Iterator[None]:
    """Set what row-level security lets this connection see, and put the former value back at the end.

    `keys` are audience keys, or `EVERYTHING` alone. With nothing set, scoped tables look empty: the wall fails closed.
    """
    value = "{" + ",".join(sorted(keys)) + "}"
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_setting('yanzhen.reach', true), set_config('yanzhen.reach', %s, false)", [value]
        )
        (before, _) = cursor.fetchone()
    try:
        yield
    finally:
        if not (connection.in_atomic_block and connection.needs_rollback):
            with connection.cursor() as cursor:
                cursor.execute("select set_config('yanzhen.reach', %s, false)", [before or ""])
