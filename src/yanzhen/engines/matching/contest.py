"""What a shortlist is chosen from and under which rules: places by cell, shares of the chosen, so many of one group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from yanzhen.engines.matching.field import NOBODY
from yanzhen.engines.matching.field import digest as digest_of
from yanzhen.engines.matching.network import Bools, Ints


class Kind(StrEnum):
    CELL = "cell"
    RATIO = "ratio"
    LIMIT = "limit"


class Rule(NamedTuple):
    """A rule by name: of cells and limits `group` says which, -1 means all of a limit."""

    kind: Kind
    code: str
    group: int = NOBODY


@dataclass(frozen=True, slots=True)
class Cells:
    """Every candidate is of one cell (city, industry); `places` is how many of each are chosen, no figure means none."""

    code: str
    groups: Ints
    places: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Ratio:
    """At least, at most a share of the chosen are `members`; shares are exact, of all places."""

    code: str
    members: Bools
    least: Fraction | None = None
    most: Fraction | None = None

    def bounds(self, places: int) -> tuple[int, int]:
        low = 0 if self.least is None else ceil(self.least * places)
        return low, places if self.most is None else floor(self.most * places)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` of one group (an enterprise) are chosen; who has code -1 is of no group."""

    code: str
    groups: Ints
    most: int


class Bound(NamedTuple):
    """`low` to `high` of the chosen are among `members` (places of candidates)."""

    rule: Rule
    members: Ints
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Contest:
    """Candidates by key, with whole scores (more is better) and their ranks, 1 the first.

    The ranks are those of the programme's tie chain: a better score has a better rank, an equal score may, and equal
    ranks are ex aequo, between whom nothing here decides. Raises ValueError where the contest contradicts itself.
    """

    keys: Ints
    scores: Ints
    ranks: Ints
    places: int
    cells: Cells | None = None
    ratios: tuple[Ratio, ...] = ()
    limits: tuple[Limit, ...] = field(default=())

    def __post_init__(self) -> None:
        n = len(self.keys)
        columns = [
            self.scores,
            self.ranks,
            *(r.members for r in self.ratios),
            *(x.groups for x in self.limits),
        ]
        columns += [] if self.cells is None else [self.cells.groups]
        if any(len(column) != n for column in columns):
            raise ValueError(f"a column has not the {n} rows that its keys have")
        if len(np.unique(self.keys)) != n:
            raise ValueError("a key is there twice")
        if self.cells is not None and sum(self.cells.places.values()) != self.places:
            raise ValueError(f"the cells have {sum(self.cells.places.values())} places, not {self.places}")
        by = np.lexsort((-self.scores, self.ranks))
        falls, steps = np.diff(self.scores[by]), np.diff(self.ranks[by])
        if (falls > 0).any() or ((steps == 0) & (falls != 0)).any():
            raise ValueError("a rank contradicts a score")

    def ordered(self) -> Contest:
        """Return the same contest in the order of its keys, so that the order of rows decides nothing."""
        by = np.argsort(self.keys)
        return Contest(
            self.keys[by],
            self.scores[by],
            self.ranks[by],
            self.places,
            None if self.cells is None else Cells(self.cells.code, self.cells.groups[by], self.cells.places),
            tuple(Ratio(r.code, r.members[by], r.least, r.most) for r in self.ratios),
            tuple(Limit(x.code, x.groups[by], x.most) for x in self.limits),
        )

    def digest(self) -> str:
        """Return the SHA-256 over all that decides, in the order of the keys."""
        c = self.ordered()
        parts: list[object] = [c.keys, c.scores, c.ranks, c.places]
        if c.cells is not None:
            parts += [c.cells.code, c.cells.groups, sorted(c.cells.places.items())]
        for ratio in c.ratios:
            parts += [ratio.code, ratio.members, str(ratio.least), str(ratio.most)]
        for limit in c.limits:
            parts += [limit.code, limit.groups, limit.most]
        return digest_of(parts)

    def bounds(self) -> Iterator[Bound]:
        """Yield every rule that could bind."""
        if self.cells is not None:
            for group in sorted({*self.cells.places, *np.unique(self.cells.groups).tolist()}):
                number = self.cells.places.get(group, 0)
                members = np.flatnonzero(self.cells.groups == group)
                yield Bound(Rule(Kind.CELL, self.cells.code, group), members, number, number)
        for ratio in self.ratios:
            low, high = ratio.bounds(self.places)
            yield Bound(Rule(Kind.RATIO, ratio.code), np.flatnonzero(ratio.members), low, high)
        for limit in self.limits:
            yield from _crowded(limit)


def _crowded(limit: Limit) -> Iterator[Bound]:
    order = np.argsort(limit.groups, kind="stable")
    groups, starts = np.unique(limit.groups[order], return_index=True)
    for group, members in zip(groups.tolist(), np.split(order, starts[1:]), strict=True):
        if group != NOBODY and len(members) > limit.most:
            yield Bound(Rule(Kind.LIMIT, limit.code, group), members, 0, limit.most)
