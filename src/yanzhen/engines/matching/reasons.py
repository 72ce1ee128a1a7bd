"""Why each one left out was left out: true by the exchange argument, with the figures that a sentence needs.

No single exchange can better a proven list. So whoever is left out either ranks below all chosen, or every exchange for
a chosen one ranked below breaks a rule: that rule is the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from yanzhen.engines.matching.contest import Bound, Contest, Kind, Rule
from yanzhen.engines.matching.field import NOBODY
from yanzhen.engines.matching.network import Bools, Ints


class Why(StrEnum):
    BELOW = "below"
    """Ranks below every chosen one."""
    CELL = "cell"
    """Ranks above chosen ones of other cells alone; in the own cell all chosen rank above."""
    RULE = "rule"
    """Ranks above chosen ones of the own cell, and taking the place of any of them breaks a rule."""
    TIED = "tied"
    """As good as a chosen one: nothing here decides."""


class Broken(NamedTuple):
    """With the exchange the chosen would have `would` of the rule's members, and `low` to `high` is allowed."""

    rule: Rule
    would: int
    low: int
    high: int


class Reason(NamedTuple):
    """`line` is the lowest score chosen in the own cell, None where nobody is; `instead` the last chosen one ranked below
    (own cell first), `broken` what that exchange breaks, `rules` what the exchanges for all others of the cell break.

    A score above `needed` would have been enough; None where no single exchange is allowed at any score."""

    candidate: int
    why: Why
    score: int
    line: int | None
    instead: int | None
    broken: tuple[Broken, ...]
    rules: tuple[Rule, ...]
    needed: int | None


def reasons(contest: Contest, bounds: Sequence[Bound], chosen: Bools, tied: Bools) -> tuple[Reason, ...]:
    """Return a reason for everyone who is not chosen, in the order of keys."""
    return tuple(_Exchanges(contest, bounds, chosen).told(tied))


class _Exchanges:
    """The chosen, the rules as they stand, and what taking one out for another would do to them."""

    def __init__(self, contest: Contest, bounds: Sequence[Bound], chosen: Bools) -> None:
        self.contest, n = contest, len(contest.keys)
        self.cell = np.zeros(n, np.int64) if contest.cells is None else contest.cells.groups
        self.seats = np.flatnonzero(chosen)
        self.seats = self.seats[np.argsort(-contest.ranks[self.seats], kind="stable")]
        self.chosen = chosen
        flat = [b for b in bounds if b.rule.kind is Kind.RATIO]
        self.ratios = flat
        self.has = np.zeros((n, len(flat)), np.int64)
        for place, bound in enumerate(flat):
            self.has[bound.members, place] = 1
        self.now = self.has[chosen].sum(axis=0)
        self.low = np.array([b.low for b in flat], np.int64)
        self.high = np.array([b.high for b in flat], np.int64)
        self.full = [_full(limit.groups, chosen, limit.most) for limit in contest.limits]
        self._needed: dict[tuple[int, ...], int | None] = {}

    def told(self, tied: Bools) -> Iterator[Reason]:
        for candidate in np.flatnonzero(~self.chosen):
            yield self._reason(int(candidate), Why.TIED if tied[candidate] else None)

    def _reason(self, candidate: int, why: Why | None) -> Reason:
        c = self.contest
        below = self.seats[: self._below(c.ranks[candidate])]
        own = below[self.cell[below] == self.cell[candidate]]
        mates = self.seats[self.cell[self.seats] == self.cell[candidate]]
        instead = own[0] if len(own) else below[0] if len(below) else None
        found = why or (Why.RULE if len(own) else Why.CELL if len(below) else Why.BELOW)
        return Reason(
            candidate=int(c.keys[candidate]),
            why=found,
            score=int(c.scores[candidate]),
            line=int(c.scores[mates].min()) if len(mates) else None,
            instead=None if instead is None else int(c.keys[instead]),
            broken=() if instead is None else tuple(self._broken(candidate, int(instead))),
            rules=self._rules(candidate, own),
            needed=self._enough(candidate),
        )

    def _below(self, rank: int) -> int:
        """Return how many of the chosen, the last first, rank strictly below."""
        return int(np.searchsorted(-self.contest.ranks[self.seats], -rank, "left"))

    def _broken(self, candidate: int, instead: int) -> Iterator[Broken]:
        cells = self.contest.cells
        if cells is not None and self.cell[candidate] != self.cell[instead]:
            for who, step in ((candidate, 1), (instead, -1)):
                group = int(self.cell[who])
                places = cells.places.get(group, 0)
                yield Broken(Rule(Kind.CELL, cells.code, group), places + step, places, places)
        would = self.now + self.has[candidate] - self.has[instead]
        for place in np.flatnonzero((would < self.low) | (would > self.high)):
            bound = self.ratios[place]
            yield Broken(bound.rule, int(would[place]), bound.low, bound.high)
        for limit, full in zip(self.contest.limits, self.full, strict=True):
            group = int(limit.groups[candidate])
            if full[candidate] and limit.groups[instead] != group:
                yield Broken(Rule(Kind.LIMIT, limit.code, group), limit.most + 1, 0, limit.most)

    def _rules(self, candidate: int, own: Ints) -> tuple[Rule, ...]:
        found = {broken.rule: None for each in own for broken in self._broken(candidate, int(each))}
        return tuple(found)

    def _enough(self, candidate: int) -> int | None:
        """Return the lowest score of a chosen one whose place the candidate could have without breaking a rule."""
        groups = [
            int(limit.groups[candidate]) if full[candidate] else NOBODY
            for limit, full in zip(self.contest.limits, self.full, strict=True)
        ]
        kind = (int(self.cell[candidate]), *self.has[candidate].tolist(), *groups)
        if kind not in self._needed:
            fits = self._allowed(candidate, groups)
            self._needed[kind] = int(self.contest.scores[self.seats[fits]].min()) if fits.any() else None
        return self._needed[kind]

    def _allowed(self, candidate: int, groups: Sequence[int]) -> Bools:
        fits: Bools = self.cell[self.seats] == self.cell[candidate]
        would = self.now + self.has[candidate] - self.has[self.seats]
        fits &= ((would >= self.low) & (would <= self.high)).all(axis=1)
        for limit, group in zip(self.contest.limits, groups, strict=True):
            if group != NOBODY:
                fits &= limit.groups[self.seats] == group
        return fits


def _full(groups: Ints, chosen: Bools, most: int) -> Bools:
    """Tell of each candidate whether the chosen have as many of the same group as there may be."""
    codes, place = np.unique(groups, return_inverse=True)
    counts = np.bincount(place[chosen], minlength=len(codes))
    found: Bools = (counts[place] >= most) & (groups != NOBODY)
    return found
