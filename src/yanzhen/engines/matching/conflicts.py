"""Which rules no list can keep together: a smallest set, every one of which is needed for the conflict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from yanzhen.engines.matching.contest import Bound, Contest, Kind, Rule
from yanzhen.engines.matching.programs import Program, Row


class Conflict(NamedTuple):
    """A rule that takes part: `low` to `high` of the chosen must be among its `members`, so many there are.

    A limit is named as a whole (group -1): `members` then counts those that limits of this name let through at most.
    """

    rule: Rule
    low: int
    high: int
    members: int


def conflicts(contest: Contest, bounds: Sequence[Bound]) -> tuple[Conflict, ...]:
    """Leave out one rule after the other; what can be left out while the rest still contradicts itself is not needed."""
    named: dict[Rule, list[Bound]] = {}
    for bound in bounds:
        named.setdefault(_name(bound.rule), []).append(bound)
    needed = list(named)
    for rule in list(named):
        rest = [each for each in needed if each != rule]
        if not _possible(contest, [bound for each in rest for bound in named[each]]):
            needed = rest
    return tuple(_conflict(contest, rule, named[rule]) for rule in needed)


def _possible(contest: Contest, bounds: Sequence[Bound]) -> bool:
    n = len(contest.keys)
    rows = [Row(np.arange(n), contest.places, contest.places), *(Row.of(bound) for bound in bounds)]
    program = Program(n, rows, np.zeros(n, np.bool_), np.ones(n, np.bool_))
    return program.best(np.zeros(n, np.int64)) is not None


def _name(rule: Rule) -> Rule:
    return Rule(rule.kind, rule.code) if rule.kind is Kind.LIMIT else rule


def _conflict(contest: Contest, rule: Rule, bounds: Sequence[Bound]) -> Conflict:
    if rule.kind is not Kind.LIMIT:
        return Conflict(rule, bounds[0].low, bounds[0].high, len(bounds[0].members))
    shut = sum(len(bound.members) - bound.high for bound in bounds)
    return Conflict(rule, 0, bounds[0].high, len(contest.keys) - shut)
