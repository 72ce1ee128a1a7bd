"""What a place with each judge is worth: proves how far a panel is from the best over all pairs, and finds what it lacks.

The prices are those of the dual programme. With any prices at all, the best that every application could do against them,
plus the prices of all places, is no less than the best possible total (weak duality); with the right ones it is equal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from yanzhen.engines.matching.candidates import Candidates, Scores, pairs_of, stacked
from yanzhen.engines.matching.field import Cap
from yanzhen.engines.matching.network import Bools, Ints, Nodes
from yanzhen.engines.matching.routes import Holes

NEVER = -(2**40)
"""Less than any gain."""
OUT = np.int32(-(2**30))
"""What a pair is worth that may not be or is not asked for."""
NOBODYS_ROOM = 2**31
"""Who is of no group crowds none."""


class Look(NamedTuple):
    """`bound`: no panel over all pairs scores more. `better`: pairs that were no candidates and would pay at these prices."""

    bound: int
    better: Candidates


class Crowd:
    """Which groups a panel has no more place for: whoever comes in there takes the place of one of the same group."""

    def __init__(self, pairs: Candidates, chosen: Bools, holes: Holes) -> None:
        self.groups = [cap.groups for cap in holes.caps]
        self.full = [
            _full(cap, taken, pairs.rows[chosen], pairs.columns[chosen], len(holes.demand))
            for cap, taken in zip(holes.caps, holes.taken, strict=True)
        ]

    def may_follow(self, rows: Nodes, given: Nodes, taken: Nodes) -> Bools:
        """Tell of each row whether the judge `taken` may have the place of the judge `given`."""
        found = np.ones(len(rows), np.bool_)
        for groups, full in zip(self.groups, self.full, strict=True):
            found &= ~full[rows, groups[taken]] | (groups[taken] == groups[given])
        return found


def _full(cap: Cap, taken: dict[tuple[int, int], int], rows: Nodes, columns: Nodes, n: int) -> Bools:
    """Return rows by groups; the last column, where nobody's code -1 points, is never full."""
    counts = np.zeros((n, int(cap.groups.max(initial=-1)) + 2), np.int16)
    np.add.at(counts, (rows, cap.groups[columns]), 1)
    for (row, group), number in taken.items():
        counts[row, group] += number
    counts[:, -1] = 0
    return counts >= cap.most


def prices(pairs: Candidates, chosen: Bools, least: Ints, crowd: Crowd) -> Ints:
    """Return what one more place with each judge would add to the total, in scores; below zero where a least load costs.

    `least` is never more than the judge's load.
    """
    judges = len(least)
    gains = _gains(pairs, chosen, judges, crowd)
    loads = np.bincount(pairs.columns[chosen], minlength=judges)
    worth = np.where((loads > least) | (least == 0), 0, NEVER)
    for _round in range(2 * judges):
        better = np.maximum(worth, (gains + worth[:, None]).max(axis=0))
        if (better == worth).all():
            break
        worth = better
    return worth


def _gains(pairs: Candidates, chosen: Bools, judges: int, crowd: Crowd) -> Ints:
    """Return, for each two judges, the most that a panel gains which gives up the first and takes the second."""
    gains = np.full(judges * judges, NEVER, np.int64)
    seats = np.flatnonzero(chosen)
    rows = pairs.rows[seats]
    starts = np.searchsorted(pairs.rows, np.arange(pairs.rows[-1] + 2))
    nth = np.arange(len(seats)) - np.searchsorted(rows, rows)
    for each in range(int(nth.max(initial=-1)) + 1):
        now = seats[nth == each]
        sizes = np.diff(starts)[pairs.rows[now]]
        given = np.repeat(now, sizes)
        taken = np.arange(len(given)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        taken += np.repeat(starts[pairs.rows[now]], sizes)
        free = ~chosen[taken]
        given, taken = given[free], taken[free]
        free = crowd.may_follow(pairs.rows[given], pairs.columns[given], pairs.columns[taken])
        given, taken = given[free], taken[free]
        cells = pairs.columns[given].astype(np.int64) * judges + pairs.columns[taken]
        gain = pairs.scores[taken].astype(np.int64) - pairs.scores[given]
        np.maximum.at(gains, cells, gain)
    return gains.reshape(judges, judges)


def look(scores: Scores, pairs: Candidates, chosen: Bools, holes: Holes, floor: int) -> Look:
    """Price every pair at or above `floor`; only where no mark is missing does the bound mean anything."""
    least = np.minimum(holes.least, np.bincount(pairs.columns[chosen], minlength=len(holes.most)))
    found = prices(pairs, chosen, least, Crowd(pairs, chosen, holes))
    return bounded(scores, pairs, chosen, holes, floor, found)


def bounded(
    scores: Scores, pairs: Candidates, chosen: Bools, holes: Holes, floor: int, at_prices: Ints
) -> Look:
    """Do what `look` does by prices that were found elsewhere: any bound, the right ones best."""
    m = len(holes.most)
    least = np.minimum(holes.least, np.bincount(pairs.columns[chosen], minlength=m))
    crowd = Crowd(pairs, chosen, holes)
    worth = at_prices.clip(OUT // 2, -OUT // 2).astype(np.int32)
    seats = np.flatnonzero(chosen)
    rows, columns = pairs.rows[seats], pairs.columns[seats]
    values_of = pairs.scores[seats] - worth[columns]
    bound, found = int(np.where(worth > 0, holes.most, least) @ worth), []
    for block, values, _draws in scores.blocks(np.flatnonzero(holes.demand)):
        here = slice(*np.searchsorted(rows, [block[0], block[-1] + 1]))
        at = np.searchsorted(block, rows[here])
        net = np.where(values >= floor, values - worth, OUT)
        line = _line(block, at, columns[here], values_of[here], crowd)
        held = net[at, columns[here]]
        net[at, columns[here]] = OUT
        fresh = net > line
        better: Bools = np.asarray(fresh.any(axis=1))
        bound += int(values_of[here][~better[at]].sum())
        if better.any():
            found.append(pairs_of(block, values, fresh))
            net[at, columns[here]] = held
            bound += _best(net[better], block[better], holes, crowd)
    return Look(bound, _unknown(stacked(found), pairs, m))


def _line(block: Ints, at: Ints, columns: Nodes, values: Nodes, crowd: Crowd) -> Nodes:
    """Return what a judge must be worth to come in: more than the weakest whose place that judge may have."""
    line = np.full((len(block), 1), -OUT)
    np.minimum.at(line[:, 0], at, values)
    for groups, full in zip(crowd.groups, crowd.full, strict=True):
        of_group = np.full((len(block), full.shape[1]), -OUT)
        np.minimum.at(of_group, (at, groups[columns]), values)
        line = np.where(full[block][:, groups], of_group[:, groups], line)
    return line


def _best(net: Nodes, block: Ints, holes: Holes, crowd: Crowd) -> int:
    """Return the sum of the best `demand` of each row that the caps let sit together."""
    demand = holes.demand[block]
    if not holes.caps:
        most = int(demand.max(initial=0))
        top = -np.sort(-np.partition(net, net.shape[1] - most, axis=1)[:, net.shape[1] - most :], axis=1)
        return int(top[np.arange(most)[None, :] < demand[:, None]].sum())
    order = np.argsort(-net, axis=1)
    left = demand.copy()
    rooms = [
        _room(cap, taken, block, full.shape[1])
        for cap, taken, full in zip(holes.caps, holes.taken, crowd.full, strict=True)
    ]
    rows, total = np.arange(len(block)), 0
    for judge in order.T:
        fits = left > 0
        if not fits.any():
            break
        for cap, room in zip(holes.caps, rooms, strict=True):
            fits = fits & (room[rows, cap.groups[judge]] > 0)
        for cap, room in zip(holes.caps, rooms, strict=True):
            room[rows, cap.groups[judge]] -= fits
        left -= fits
        total += int(net[rows, judge][fits].sum())
    return total


def _room(cap: Cap, taken: dict[tuple[int, int], int], block: Ints, groups: int) -> Ints:
    room = np.full((len(block), groups), cap.most)
    room[:, -1] = NOBODYS_ROOM
    where = {int(row): at for at, row in enumerate(block)}
    for (row, group), number in taken.items():
        if row in where:
            room[where[row], group] -= number
    return room


def _unknown(found: Candidates, pairs: Candidates, width: int) -> Candidates:
    fresh = ~np.isin(found.cells(width), pairs.cells(width), assume_unique=True)
    return Candidates(found.rows[fresh], found.columns[fresh], found.scores[fresh])
