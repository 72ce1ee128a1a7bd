"""What would change: two results of a round beside each other, before anything is upheld, voided or put right."""

from __future__ import annotations

from dataclasses import dataclass

from yanzhen.engines.programmes.scoring.marks import ScoreInput
from yanzhen.engines.programmes.scoring.runs import Score, ScoreResult


@dataclass(frozen=True, slots=True)
class Change:
    """An application of which anything differs; None where a result does not have it."""

    application: int
    before: Score | None
    after: Score | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Every application that is not in `changes` stands in both results with the very same score and place."""

    changes: tuple[Change, ...]
    into: frozenset[int]
    """Within the places after, not before."""
    out: frozenset[int]
    """Within the places before, not after."""
    to_border: frozenset[int]
    """Sharing the last place after, not before: somebody has to decide."""

    def __bool__(self) -> bool:
        return bool(self.changes)


def difference(before: ScoreResult, after: ScoreResult, number: int) -> Difference:
    """Return every score, place and in or out that changes where the first `number` places are chosen."""
    old, new = before.by_application(), after.by_application()
    changes = tuple(
        Change(application, old.get(application), new.get(application))
        for application in sorted(old.keys() | new.keys())
        if old.get(application) != new.get(application)
    )
    was, will = before.within(number), after.within(number)
    return Difference(changes, will.inside - was.inside, was.inside - will.inside, will.border - was.border)


def without(given: ScoreInput, application: int, judge: int) -> ScoreInput:
    """Return the input as it would be with one mark voided; raises KeyError where there is no such mark."""
    kept = tuple(mark for mark in given.marks if mark[:2] != (application, judge))
    if len(kept) == len(given.marks):
        raise KeyError((application, judge))
    return ScoreInput(kept, given.entries, given.low, given.high)
