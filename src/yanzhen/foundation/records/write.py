"""Writing records. An append is a plain INSERT: the sealer computes every hash, later."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from psycopg.types.json import Jsonb

from yanzhen.foundation.models import Account, Record
from yanzhen.foundation.scope import Scoped

COPY_FROM = 100
"""Number of records from which COPY is cheaper than a multi-row INSERT."""
COLUMNS = (
    "actor_id", "grant_id", "verb", "subject_type", "subject_id", "region_id", "line_id", "before", "after", "reason",
)  # fmt: skip
"""The columns that a writer fills; `id`, `tx` and `at` are the database's own."""

ID_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])([1-8]\d{3})\d{2}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(\d{3}[0-9Xx])(?![0-9A-Za-z])"
)
"""A resident's number (GB 11643): place, date of birth, serial. A credit code of 18 digits has no such date."""
MOBILE = re.compile(r"(?<![0-9A-Za-z])(1[3-9]\d)\d{4}(\d{4})(?![0-9A-Za-z])")


def record(
    verb: str,
    row: models.Model,
    *,
    actor: Account | None,
    right: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    subject_type: str | None = None,
) -> Record:
    """Write one record about `row` in the current transaction: one INSERT.

    `actor` None is the system itself. `right` names the right used; the grant that gave it is kept. `before` and
    `after` hold ids, field names and codes, not people's data; ID and phone numbers typed into them are masked.
    """
    values = _values(verb, row, before, after, actor=actor, right=right, reason=masked(reason))
    line = Record(**dict(zip(COLUMNS, values, strict=True)))
    line.subject_type = subject_type or line.subject_type
    line.save(force_insert=True)
    return line


def record_many(
    verb: str,
    rows: Sequence[tuple[models.Model, Mapping[str, Any] | None, Mapping[str, Any] | None]],
    *,
    actor: Account | None,
    right: str | None = None,
    reason: str = "",
) -> None:
    """Write one record for each (row, before, after), in one statement however many they are."""
    reason = masked(reason)
    lines = [_values(verb, row, b, a, actor=actor, right=right, reason=reason) for row, b, a in rows]
    if len(lines) < COPY_FROM:
        Record.objects.bulk_create([Record(**dict(zip(COLUMNS, values, strict=True))) for values in lines])
        return
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"copy foundation_record ({', '.join(COLUMNS)}) from stdin") as copy,
    ):
        for *plain, before, after, why in lines:
            copy.write_row((*plain, _jsonb(before), _jsonb(after), why))


def insert_selected(
    verb: str,
    subject_type: str,
    source: str,
    params: Sequence[Any] = (),
    *,
    actor: Account | None,
    grant_id: int | None = None,
    reason: str = "",
) -> int:
    """Write a record for each row of the query `source` without bringing the rows here; return their number.

    `source` is SQL by a programmer and gives the columns subject_id, region_id, line_id, before, after (jsonb).
    Nothing is masked on this way: select ids and codes only.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into foundation_record ({', '.join(COLUMNS)})"  # noqa: S608  # both parts are program text
            " select %s, %s, %s, %s, s.subject_id::text, coalesce(s.region_id, ''), coalesce(s.line_id, ''),"
            f" s.before, s.after, %s from ({source}) s",
            [actor.pk if actor else None, grant_id, verb, subject_type, masked(reason), *params],
        )
        return int(cursor.rowcount)


def masked(text: str) -> str:
    """Return `text` with resident ID numbers and mobile numbers masked; what a clerk types may hold them."""
    return MOBILE.sub(r"\1****\2", ID_NUMBER.sub(r"\1**********\2", text))


def _values(
    verb: str,
    row: models.Model,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    *,
    actor: Account | None,
    right: str | None,
    reason: str,
) -> tuple[Any, ...]:
    """Return the values of `COLUMNS`, in their order."""
    scoped = row if isinstance(row, Scoped) else None
    return (
        actor.pk if actor else None,
        actor.grant_for(right, scoped) if actor and right and scoped else None,
        verb,
        row._meta.label_lower,
        str(row.pk),
        scoped.region_id if scoped else "",
        scoped.line_id if scoped else "",
        _plain(before),
        _plain(after),
        reason,
    )


def _plain(values: Mapping[str, Any] | None) -> Any:
    """Turn dates, decimals and choices into JSON values, and mask what must not stand in a record."""
    if values is None:
        return None
    text = json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False)
    plain = json.loads(text)
    return _masked_within(plain) if ID_NUMBER.search(text) or MOBILE.search(text) else plain


def _jsonb(value: Any) -> Jsonb | None:
    return None if value is None else Jsonb(value)


def _masked_within(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {name: _masked_within(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked_within(inner) for inner in value]
    return value
