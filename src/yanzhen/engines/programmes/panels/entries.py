"""Double entry: which sheets wait for the second typing, or for a third to decide, and what one account may type.

Nobody reads an entry of others before both are in: who types the second has the paper, and not the first before him.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.panels.actions.marking import FIRST, SECOND, SETTLING, given_of
from yanzhen.engines.programmes.panels.models import Assignment, Sheet
from yanzhen.engines.programmes.scoring.criteria import Discrepancy, compare
from yanzhen.foundation.models import Account

TYPE, SETTLE, DONE = "type", "settle", "done"
BOXES = {TYPE: "待二次录入", SETTLE: "待裁定", DONE: "已完成"}


@dataclass(frozen=True, slots=True)
class Typed:
    """An assignment with what stands of it. `entry` is what comes next, None where nothing does or this account may not."""

    assignment: Assignment
    sheets: tuple[Sheet, ...]
    differs: tuple[Discrepancy, ...]
    entry: int | None
    refused: str
    """Why the account may not type what comes next."""


def stage_of(round_: Round) -> Any:
    """Return the Mark stage with double entry that is on or was the last; None where there is none."""
    stage = round_.programme.latest("mark", round_.stage)
    return stage if stage is not None and stage.entries > 1 else None


def boxed(round_: Round, box: str) -> QuerySet[Any]:
    """Return the assignments of a box, by number of the application."""
    rows: QuerySet[Any] = Assignment.objects.filter(run__round=round_).select_related(
        "judge__account", "application"
    )
    rows = rows.defer("application__answers", "application__redacted").order_by("application__number", "pk")
    if box == DONE:
        return rows.filter(status=Assignment.State.DONE)
    both = rows.filter(status=Assignment.State.LIVE, application__state="review").annotate(
        one=Exists(_standing(FIRST)), two=Exists(_standing(SECOND))
    )
    found: QuerySet[Any] = both.filter(one=True, two=True) if box == SETTLE else both.filter(two=False)
    return found


def typed(round_: Round, pk: int, account: Account) -> Typed | None:
    """Return one assignment for the account; the entries of others only when both are in."""
    held = (
        Assignment.objects.filter(run__round=round_, pk=pk, status__in=("live", "done"))
        .select_related("judge__account", "application__person", "application__organisation")
        .first()
    )
    if held is None:
        return None
    found = held.sheets.filter(void=None).select_related("by").prefetch_related("marks").order_by("entry")
    sheets = {sheet.entry: sheet for sheet in found}
    both = FIRST in sheets and SECOND in sheets
    differs = compare(given_of(sheets[FIRST]), given_of(sheets[SECOND])) if both else ()
    entry = (
        None
        if held.status == Assignment.State.DONE
        else SECOND
        if SECOND not in sheets
        else SETTLING
        if both
        else None
    )
    mine = account.pk == held.judge.account_id or any(sheet.by_id == account.pk for sheet in sheets.values())
    refused = "您是这份评分表的评委，或已录入过一遍：请由另一人录入" if entry and mine else ""
    shown = tuple(sheets.values()) if both else tuple(s for s in sheets.values() if s.by_id == account.pk)
    return Typed(held, shown, tuple(differs), entry, refused)


def is_secret(sheet: Sheet, round_: Round, account: Account) -> bool:
    """Whether the account may not read a sheet yet: one of a double entry of which the other half is still to come."""
    held = sheet.assignment
    stage = round_.programme.coming("mark", held.stage)
    if stage is None or stage.entries == 1 or sheet.by_id == account.pk:
        return False
    standing = set(held.sheets.filter(void=None).values_list("entry", flat=True))
    return not {FIRST, SECOND} <= standing


def _standing(entry: int) -> QuerySet[Sheet]:
    return Sheet.objects.filter(assignment=OuterRef("pk"), entry=entry, void=None)
