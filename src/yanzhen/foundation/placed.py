"""Rows of a table that grows to millions, read in order for one city or one county.

An index holds the rows of a place in their order only if the place is a column: of an array no index gives an order.
So a list is read in two parts, what lies in the place and what a party of it was asked into elsewhere.
docs/decisions/0028-a-list-is-read-by-its-place.md has the figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.models import F, Func, Q
from django.db.models.functions import Left

WALK = "set enable_bitmapscan = off; set random_page_cost = 1.1; set max_parallel_workers_per_gather = 0"
"""What makes the planner walk an index in its order.

It multiplies the place, the wall and the reach as if they were independent, takes the rows of a city for a handful,
and would fetch them all to sort them.
"""
FEW = "; set enable_sort = off"
"""Added where so few rows have the order that walking all of them costs little."""
DONE = "reset enable_bitmapscan; reset random_page_cost; reset max_parallel_workers_per_gather; reset enable_sort"


@contextmanager
def walking(*, few: bool) -> Iterator[None]:
    """Read what stands inside by walking indexes in their order."""
    with connection.cursor() as cursor:
        cursor.execute(WALK + FEW if few else WALK)
    try:
        yield
    finally:
        if not (connection.in_atomic_block and connection.needs_rollback):
            with connection.cursor() as cursor:
                cursor.execute(DONE)


class Placed(models.Model):
    """What a `Scoped` row has beside its audience, so that lists of one place are read by an index."""

    place_columns: ClassVar[dict[int, str]] = {4: "city", 6: "county"}
    place_orders: ClassVar[dict[str, bool]] = {"started_at": False, "due_at": True}
    """The orders in which rows are read by place, and whether few have it: a time limit runs for what is running."""

    city = models.GeneratedField(
        expression=Left(F("region_id"), 4), output_field=models.CharField(max_length=4), db_persist=True
    )
    county = models.GeneratedField(
        expression=Left(F("region_id"), 6), output_field=models.CharField(max_length=6), db_persist=True
    )
    elsewhere = models.GeneratedField(
        expression=Func(F("region_id"), F("shared_with"), function="yanzhen_elsewhere"),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    """Whether a party to it belongs to a place that does not hold the row's own."""

    class Meta:
        abstract = True
        indexes: ClassVar[tuple[models.Index, ...]] = (
            models.Index(fields=("city", "-started_at", "-id"), name="%(class)s_city"),
            models.Index(fields=("county", "-started_at", "-id"), name="%(class)s_county"),
            models.Index(
                fields=("city", "-started_at", "-id", "state"),
                name="%(class)s_city_open",
                condition=Q(ended_at=None),
            ),
            models.Index(
                fields=("county", "-started_at", "-id", "state"),
                name="%(class)s_county_open",
                condition=Q(ended_at=None),
            ),
            models.Index(
                fields=("city", "due_at", "id"), name="%(class)s_city_due", condition=Q(due_at__isnull=False)
            ),
            models.Index(
                fields=("county", "due_at", "id"),
                name="%(class)s_county_due",
                condition=Q(due_at__isnull=False),
            ),
            GinIndex(fields=("audience",), name="%(class)s_elsewhere", condition=Q(elsewhere=True)),
        )

    @classmethod
    def is_asked_elsewhere(cls, keys: Sequence[str], column: str, prefix: str) -> bool:
        """Tell whether a holder of `keys` may see a row that lies outside its place: `column` is not `prefix`.

        Most may not, and this costs a tenth of reading and counting the nothing that they see there.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                f"select exists (select from {cls._meta.db_table} where elsewhere and audience && %s and {column} <> %s)",  # noqa: S608  # names of ours
                [list(keys), prefix],
            )
            return bool(cursor.fetchone()[0])
