"""Pages by key: a list is read from where the last page ended, so that page 5,000 costs what page 1 does."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet, prefetch_related_objects

from yanzhen.foundation.errors import Invalid

MOST = 200
M = TypeVar("M", bound=Model)


def page_of(
    rows: QuerySet[M], *, by: str, cursor: str, limit: int, with_: Sequence[str] = ()
) -> tuple[list[M], str | None]:
    """Return up to `limit` rows, newest `by` (a date-time field) first, and the cursor of the next page, None at the end.

    `with_` names what the rows point to and is read along, a statement each. Raises Invalid for a cursor that was not ours.
    """
    if cursor:
        at, pk = _read(cursor)
        rows = rows.filter(Q(**{f"{by}__lt": at}) | Q(**{by: at}, pk__lt=pk), **{f"{by}__lte": at})
    found = list(rows.select_related(None).order_by(f"-{by}", "-pk")[: limit + 1])
    prefetch_related_objects(found, *with_)
    if len(found) <= limit:
        return found, None
    return found[:limit], _write(getattr(found[limit - 1], by), found[limit - 1].pk)


def _write(at: datetime, pk: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), pk]).encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, int]:
    try:
        at, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        when = datetime.fromisoformat(at)
        moment = when.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise _not_ours() from None
    if when.tzinfo is None or type(pk) is not int:
        raise _not_ours()
    return moment, pk


def _not_ours() -> Invalid:
    reason = "游标无效，请使用上一页答复中的 next"
    return Invalid(reason, fields={"cursor": reason})
