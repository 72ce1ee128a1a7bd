"""Many rows at once: ids reserved in one statement, rows sent by COPY. For lists of more than a few hundred."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Take `count` ids from the model's sequence; ids that are not used leave gaps."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            "select nextval(s) from (select pg_get_serial_sequence(%s, %s)::regclass as s) t, generate_series(1, %s)",
            [table, column, count],
        )
        return [pk for (pk,) in cursor.fetchall()]


def copy_in(model: type[M], rows: Sequence[M]) -> None:
    """Insert `rows`, which carry their ids. Columns that the database fills by itself are left to it.

    No `save()` is called; constraints and foreign keys are checked by the database as always.
    """
    if not rows:
        return
    fields = [
        f for f in model._meta.concrete_fields if not f.generated and f.db_default is models.NOT_PROVIDED
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(f.column) for f in fields)
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"copy {quote(model._meta.db_table)} ({columns}) from stdin") as copy,
    ):
        for row in rows:
            copy.write_row([f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields])
