"""Pages by id, the newest row first: for registers, whose rows carry no time to go by."""

from __future__ import annotations

import re
from typing import TypeVar

from django.db.models import Model, QuerySet

from yanzhen.faces.console.keys import SIZE, Page
from yanzhen.foundation.errors import Invalid

M = TypeVar("M", bound=Model)
CURSOR = re.compile(r"(before|after)-(\d{1,18})", re.ASCII)


def page_by_id(rows: QuerySet[M], cursor: str = "", size: int = SIZE) -> Page[M]:
    """Return one page in one statement; rows come without what they point to. Raises Invalid for a wrong cursor."""
    back, pk = _read(cursor)
    rows = rows.select_related(None).order_by("pk" if back else "-pk")
    if pk:
        rows = rows.filter(pk__gt=pk) if back else rows.filter(pk__lt=pk)
    found = list(rows[: size + 1])
    more = len(found) > size
    found = found[:size]
    if back:
        found.reverse()
    if not found:
        return Page([], "", "")
    return Page(
        found,
        f"before-{found[0].pk}" if (more if back else cursor) else "",
        f"after-{found[-1].pk}" if back or more else "",
    )


def _read(cursor: str) -> tuple[bool, int | None]:
    """Return whether the page wanted lies before the row, and the row; (False, None) is the first page."""
    if not cursor:
        return False, None
    match = CURSOR.fullmatch(cursor)
    if match is None:
        raise Invalid("翻页位置无效，请从第一页重新打开")
    return match[1] == "before", int(match[2])
