"""The best list that quotas, shares and limits allow: proven, the only one or said to be tied, with a reason for all left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from yanzhen.engines.matching.conflicts import Conflict, conflicts
from yanzhen.engines.matching.contest import Bound, Contest
from yanzhen.engines.matching.network import Bools, Ints
from yanzhen.engines.matching.programs import SOLVER, Program, Row
from yanzhen.engines.matching.reasons import Reason, reasons


@dataclass(frozen=True, slots=True)
class Shortlist:
    """`chosen` and `tied` are keys, in their order.

    `tied` are those whose place an equally good list would change: chosen ones and others. While there are any, the
    list is not settled, and the programme's tie chain, a vote or a lot decides among them, not this. `conflicts` is
    a smallest set of rules that no list can keep together; then nobody is chosen. It is empty although the contest is
    not `feasible` where there are fewer candidates than places.
    """

    feasible: bool

    chosen: Ints
    tied: Ints
    total: int
    conflicts: tuple[Conflict, ...]
    reasons: tuple[Reason, ...]
    input: str
    solver: str

    @property
    def ambiguous(self) -> bool:
        return len(self.tied) > 0


def shortlist(contest: Contest) -> Shortlist:
    """Choose exactly `places` of the highest total score; among equal totals those whose ranks among equals are best.

    Raises ValueError for a contest that contradicts itself, Unproven where the solver gives up.
    """
    c, mark = contest.ordered(), contest.digest()
    bounds, nobody = list(c.bounds()), np.zeros(0, np.int64)
    program = whole(c, bounds)
    chosen = program.best(c.scores)
    if chosen is None:
        return Shortlist(False, nobody, nobody, 0, conflicts(c, bounds), (), mark, SOLVER)
    total = int(c.scores[chosen].sum())
    chosen, tied = _told_apart(program, c, chosen, total)
    return Shortlist(
        feasible=True,
        chosen=c.keys[chosen],
        tied=c.keys[tied],
        total=total,
        conflicts=(),
        reasons=reasons(c, bounds, chosen, tied),
        input=mark,
        solver=SOLVER,
    )


def whole(contest: Contest, bounds: Iterable[Bound]) -> Program:
    everyone = np.arange(len(contest.keys))
    rows = [Row(everyone, contest.places, contest.places), *(Row.of(bound) for bound in bounds)]
    return Program(len(everyone), rows, np.zeros(len(everyone), np.bool_), np.ones(len(everyone), np.bool_))


def _told_apart(program: Program, contest: Contest, chosen: Bools, total: int) -> tuple[Bools, Bools]:
    """Return the list with the best ranks among those of this total, and all whose place another such list changes."""
    everyone = np.arange(program.size)
    open_ = program.settled(contest.scores, total).with_rows(Row(everyone, total, total, contest.scores))
    points = _points(contest)
    chosen = _sure(open_.best(points), chosen)
    level = int(points[chosen].sum())
    open_ = open_.with_rows(Row(everyone, level, level, points))
    tied = np.zeros(program.size, np.bool_)
    while True:
        turned = np.where(chosen, -1, 1) * ~tied
        other = _sure(open_.best(turned), chosen)
        fresh = (other != chosen) & ~tied
        if not fresh.any():
            return chosen, tied
        tied |= fresh


def _sure(found: Bools | None, fallback: Bools) -> Bools:
    """The list in hand keeps all rows, so there always is one; the solver's tolerance must not say otherwise."""
    return fallback if found is None else found


def _points(contest: Contest) -> Ints:
    """Return, among those of one score, how many ranks stand behind each: 0 for the last, equal for equals."""
    by = np.lexsort((-contest.ranks, contest.scores))
    scores, ranks = contest.scores[by], contest.ranks[by]
    fresh = np.append(True, np.diff(scores) != 0)
    step = np.append(0, (np.diff(ranks) != 0) & (np.diff(scores) == 0)).cumsum()
    found = np.zeros(len(by), np.int64)
    found[by] = step - step[np.flatnonzero(fresh)][np.cumsum(fresh) - 1]
    return found
