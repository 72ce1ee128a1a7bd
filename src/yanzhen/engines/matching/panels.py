"""Who judges what: the best panels that loads, conflicts and caps allow, and what is missing where they can not be filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from yanzhen.engines.matching.candidates import BARRED, Candidates, Scores, gather, pairs_of, stacked
from yanzhen.engines.matching.crowds import eased
from yanzhen.engines.matching.field import Field, digest
from yanzhen.engines.matching.network import SOLVER, Bools, Ints
from yanzhen.engines.matching.prices import look
from yanzhen.engines.matching.routes import Holes, Routes, route, strongest_floor
from yanzhen.engines.matching.shortages import Shortage, reach, shortages

BEST, LOTS = 60, 10
"""Judges of each application to begin with: by fit, and by lot. More come in where the prices show that they would pay."""
NOISE = 5_000
"""Millionths by which chance moves a fit, so that nobody can work out a panel beforehand: 0.006 of a good fit."""
WITHIN = 1e-4
"""Share of the best possible total that is left to chance as it is; the search for better pairs ends there."""
ROUNDS = 6


class Idle(NamedTuple):
    """A judge whom no application could bring up to the least load."""

    judge: int
    lacks: int


class Stamp(NamedTuple):
    """What makes a result repeatable: same seed, same input and same solver give the same result."""

    seed: int
    input: str
    solver: str


@dataclass(frozen=True, slots=True)
class Panel:
    """`applications` and `judges` are the pairs, by key; `fits` their fit in millionths, without the noise.

    `gap` is the share by which the total (with noise) may lie below the best over all pairs, 0 where it is proven
    best; None where a mark is missing. `floor` is the weakest fit in it, where a floor was asked for.
    """

    applications: Ints
    judges: Ints
    fits: Ints
    gap: float | None
    floor: int | None
    shortages: tuple[Shortage, ...]
    idle: tuple[Idle, ...]
    stamp: Stamp

    @property
    def total(self) -> int:
        return int(self.fits.sum())


@dataclass(frozen=True, slots=True)
class Seats:
    """Pairs that stand before the solver begins, as rows and columns of the ordered field."""

    rows: Ints
    columns: Ints


def assign(field: Field, *, seed: int, noise: int = NOISE, floor: bool = False) -> Panel:
    """Fill every panel. With `floor`, first the weakest pair is made as strong as can be, then the total.

    The order of rows makes no difference. Raises ValueError for a field that contradicts itself.
    """
    none = np.zeros(0, np.int64)
    stamp = Stamp(seed, digest([field.digest(), seed, noise, floor]), SOLVER)
    return fill(field.ordered(), Seats(none, none), stamp, noise=noise, floor=floor)


def fill(field: Field, seats: Seats, stamp: Stamp, *, noise: int, floor: bool) -> Panel:
    """Fill the holes that `seats` leave in an ordered field; the panel holds the new pairs alone.

    A judge who sits on a panel already must be barred from it by the field.
    """
    scores, holes = Scores(field, stamp.seed, noise), _holes(field, seats)
    quick = None if floor else eased(scores, holes, _breadth(holes), LOTS)
    pairs, found, gap = quick or _proven(scores, holes, floor)
    chosen = found.chosen
    rows, columns = pairs.rows[chosen].astype(np.int64), pairs.columns[chosen].astype(np.int64)
    loads = np.bincount(columns, minlength=len(holes.most))
    under = np.flatnonzero(loads < holes.least)
    keys, judges = field.applications.keys, field.judges.keys
    return Panel(
        applications=keys[rows],
        judges=judges[columns],
        fits=scores.plain(rows, columns),
        gap=gap,
        floor=int(scores.plain(rows, columns).min(initial=2**31)) if floor and len(rows) else None,
        shortages=shortages(scores, holes, found.missing, rows, columns),
        idle=tuple(Idle(int(judges[j]), int(holes.least[j] - loads[j])) for j in under),
        stamp=stamp,
    )


def _proven(scores: Scores, holes: Holes, floor: bool) -> tuple[Candidates, Routes, float | None]:
    """Solve the whole, and again with the pairs that would pay, until what is left to gain is no more than WITHIN."""
    pairs, found, weakest = _first(scores, holes, floor)
    gap = None
    for _round in range(ROUNDS):
        better, gap = _wanted(scores, pairs, found, holes, weakest)
        if not len(better.rows):
            break
        pairs = pairs.union(better, len(holes.most))
        found = route(pairs, holes)
    return pairs, found, gap


def _breadth(holes: Holes) -> int:
    return max(BEST, 2 * int(holes.demand.max(initial=0)))


def _first(scores: Scores, holes: Holes, floor: bool) -> tuple[Candidates, Routes, int]:
    """Solve with enough candidates: widened as long as a missing mark or load could be had from a pair not looked at."""
    m, best = len(holes.most), _breadth(holes)
    rows = np.flatnonzero(holes.demand)
    pairs = gather(scores, best, LOTS, rows)
    found = route(pairs, holes)
    while best < m and len(rows := reach(scores, pairs, found, holes)):
        best *= 2
        pairs = pairs.union(gather(scores, best, LOTS, rows), m)
        found = route(pairs, holes)
    idle = np.bincount(pairs.columns[found.chosen], minlength=m) < holes.least
    if idle.any():
        pairs = pairs.union(_all_of(scores, holes, idle), m)
        found = route(pairs, holes)
    if not floor or not len(pairs.rows):
        return pairs, found, int(BARRED) + 1
    weakest = strongest_floor(pairs, holes)
    keep = pairs.scores >= weakest
    pairs = Candidates(pairs.rows[keep], pairs.columns[keep], pairs.scores[keep])
    return pairs, route(pairs, holes), weakest


def _wanted(
    scores: Scores, pairs: Candidates, found: Routes, holes: Holes, floor: int
) -> tuple[Candidates, float | None]:
    """Return the pairs worth adding, none where the total is good enough, and the gap that is proven."""
    nothing = stacked([])
    if found.missing.any() or not len(pairs.rows):
        return nothing, None
    seen = look(scores, pairs, found.chosen, holes, floor)
    total = int(pairs.scores[found.chosen].astype(np.int64).sum())
    gap = max(seen.bound - total, 0) / max(seen.bound, 1)
    return (seen.better if gap > WITHIN else nothing), gap


def _all_of(scores: Scores, holes: Holes, judges: Bools) -> Candidates:
    blocks = scores.blocks(np.flatnonzero(holes.demand))
    return stacked([pairs_of(block, values, (values != BARRED) & judges) for block, values, _draws in blocks])


def _holes(field: Field, seats: Seats) -> Holes:
    n, m = len(field.applications.keys), len(field.judges.keys)
    given = np.bincount(seats.rows, minlength=n)
    loads = np.bincount(seats.columns, minlength=m)
    demand = np.maximum(field.applications.marks - given, 0)
    taken = []
    for cap in field.caps:
        groups = cap.groups[seats.columns]
        open_ = (demand[seats.rows] > 0) & (groups >= 0)
        cells, counts = np.unique(np.stack([seats.rows[open_], groups[open_]]), axis=1, return_counts=True)
        taken.append({(int(r), int(g)): int(c) for (r, g), c in zip(cells.T, counts, strict=True)})
    return Holes(
        demand,
        np.maximum(field.judges.least - loads, 0),
        np.maximum(field.judges.most - loads, 0),
        field.caps,
        tuple(taken),
    )
