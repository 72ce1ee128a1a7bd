"""The shadow: what the list would be if one application fell away or marks changed, shown before anything changes.

It solves the same rules over those who took part in the adopted run, and `apply_change` does exactly what was shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from yanzhen.engines.matching.shortlist import Shortlist
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.programmes.models import Application, QuotaCell, Round
from yanzhen.engines.programmes.quotas import RESERVE, shift
from yanzhen.engines.programmes.results import queries
from yanzhen.engines.programmes.results.actions import mark_adopted
from yanzhen.engines.programmes.results.contest import Field, field_of
from yanzhen.engines.programmes.results.models import Seat, ShortlistRun
from yanzhen.engines.programmes.results.sentences import Speaker
from yanzhen.engines.programmes.results.solving import (
    RulesConflict,
    ShortlistRefused,
    keep,
    result_hash,
    solve,
)
from yanzhen.foundation.models import Account

Scores = Mapping[int, tuple[Decimal | None, int | None]]
FELL_AWAY = "经核查取消拟认定资格"


@dataclass(frozen=True, slots=True)
class Change:
    """An application whose place changes: off the list or onto it, with the sentence that its owner reads."""

    application: Application
    comes: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Shadow:
    """`changes` are all places that change; `vacant` is the cell whose place nobody can take, None where there is none.

    `mark` is a digest of what would be: what is applied has to have the same.
    """

    field: Field
    found: Shortlist
    base: ShortlistRun
    without: frozenset[int]
    changes: tuple[Change, ...]
    vacant: str | None
    mark: str

    @property
    def leaves(self) -> list[Change]:
        return [change for change in self.changes if not change.comes]

    @property
    def comes(self) -> list[Change]:
        return [change for change in self.changes if change.comes]


def shadow(
    round_: Round, *, without: Collection[int] = (), rerank: bool = False, scores: Scores | None = None
) -> Shadow:
    """Solve again without some: the others who are before the public stay, and free places go to the best of the same
    cell that the rules let in. With `rerank`, or other scores than the stored ones, everybody is ranked anew.

    A place that nobody of the cell can take stays empty. Only where the rules can not be kept even so, everybody is
    ranked anew. Nothing is written. Raises ShortlistRefused, RulesConflict or ShortlistTied.
    """
    base = queries.standing(round_)
    if base is None:
        raise ShortlistRefused("还没有采用的入围名单")
    # as many of each cell as the adopted list has: a place that stayed empty once stays so
    places = dict(Counter(base.seats.filter(chosen=True).values_list("cell", flat=True)))
    rows, gone = took_part(base), _gone(base, without)
    stay = set(took_part(base).filter(state="noticed").exclude(pk__in=without).values_list("pk", flat=True))
    tries: list[tuple[set[int], str | None]] = [(set(), None)]
    if not (rerank or scores):
        empty: list[tuple[set[int], str | None]] = [(stay, gone[0])] if len(gone) == 1 else []
        tries = [(stay, None), *empty, *tries]
    for held, vacant in tries:
        left = {**places, vacant: places[vacant] - 1} if vacant is not None else places
        field = field_of(round_, rows, left, without=without, held=held, scores=scores)
        try:
            found = solve(field)
        except RulesConflict as conflict:
            refused = conflict
            continue
        return Shadow(field, found, base, frozenset(without), _changes(field, found, rows, without), vacant,
                      result_hash(found.chosen.tolist()))  # fmt: skip
    raise refused


def took_part(base: ShortlistRun) -> QuerySet[Application]:
    """Those of the adopted run who are on the list or were left out of it; who was struck off takes no part."""
    took = Seat.objects.filter(run=base).values("application")
    return Application.objects.filter(pk__in=took, state__in=("noticed", "left_out"))


def apply_change(seen: Shadow, *, actor: Account, why: str) -> ShortlistRun:
    """Strike off, bring in, freeze the new run and adopt it. The caller holds the round and the wall is open.

    `actor` holds `application.decide`. Raises MoveRefused or MoveNotAllowed.
    """
    run = keep(seen.field, seen.found, stage=seen.base.stage, actor=actor, why=why, follows=seen.base)
    mark_adopted(run, actor)
    for change in seen.leaves:
        advance(change.application, "drop", actor=actor, note=why, outcome=change.sentence)
    coming = [change.application.pk for change in seen.comes]
    for pk in coming:
        advance(Application.objects.get(pk=pk), "substitute", actor=actor, note=why)
    if seen.vacant is not None:
        _leave_empty(seen.field.round, seen.vacant, why=why, actor=actor)
    return run


def _gone(base: ShortlistRun, without: Collection[int]) -> list[str]:
    """Return the cells that lose somebody of the list, one for each who falls away."""
    stay = took_part(base).filter(state="noticed").exclude(pk__in=without)
    return list(
        Seat.objects.filter(run=base, chosen=True)
        .exclude(application__in=stay)
        .values_list("cell", flat=True)
    )


def _changes(
    field: Field, found: Shortlist, rows: QuerySet[Application], without: Collection[int]
) -> tuple[Change, ...]:
    chosen = set(found.chosen.tolist())
    speaker = Speaker(field)
    told = {candidate.pk: speaker.unranked(candidate).sentence for candidate in field.unranked}
    told |= {reason.candidate: speaker.reason(reason).sentence for reason in found.reasons}
    told |= dict.fromkeys(without, FELL_AWAY)
    moved = [row for row in _read(rows) if (row.state == "noticed") != (row.pk in chosen)]
    return tuple(Change(row, row.pk in chosen, told.get(row.pk, "")) for row in moved)


def _read(rows: QuerySet[Application]) -> Sequence[Application]:
    return list(
        rows.select_related("person", "organisation", "region", "round").order_by("cell", "place", "pk")
    )


def _leave_empty(round_: Round, code: str, *, why: str, actor: Account) -> None:
    """Give the place that nobody can take back to the reserve: the sum stays."""
    cells = {cell.code: cell for cell in QuotaCell.objects.select_for_update().filter(round=round_)}
    if code != RESERVE and cells[code].places:
        shift(cells[code], cells[RESERVE], 1, why=why, actor=actor, right="application.decide")
