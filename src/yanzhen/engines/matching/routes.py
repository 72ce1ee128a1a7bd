"""The network of a panel: application, the groups that may not crowd it, judge, sink; and what each missing mark costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yanzhen.engines.matching.candidates import Candidates
from yanzhen.engines.matching.field import NOBODY, Cap
from yanzhen.engines.matching.network import Arcs, Bools, Ints, arcs, cheapest, joined, largest


@dataclass(frozen=True, slots=True)
class Holes:
    """What is still to be filled: `demand` (n,) marks, room `least` to `most` (m,) of each judge, and for each cap the
    places already taken (n x groups), as sparse triples of row, group and number."""

    demand: Ints
    least: Ints
    most: Ints
    caps: tuple[Cap, ...]
    taken: tuple[dict[tuple[int, int], int], ...]


@dataclass(frozen=True, slots=True)
class Routes:
    """`chosen` marks the pairs that were taken, `missing` (n,) counts the marks that no judge could give."""

    chosen: Bools
    missing: Ints


def route(pairs: Candidates, holes: Holes) -> Routes:
    """Return the pairs of the highest total score, as many as can be, every missing mark spread evenly.

    Three wishes in this order: no mark missing (a second one of the same application weighs more than the first of
    another), no judge below the least load, the total score.
    """
    n, m = len(holes.demand), len(holes.most)
    net, size = _network(pairs, holes)
    width = int(np.ptp(pairs.scores)) + 1 if len(pairs.scores) else 1
    step = 2 * (min(n, m) + 1) * width
    short = _overflow(holes.demand, n + m, step)
    supplies = np.zeros(size, np.int64)
    supplies[:n] = holes.demand
    supplies[n + m] = -int(holes.demand.sum())
    flows = cheapest(joined([net, _loads(holes, step), short]), supplies)
    missing = np.bincount(short.tails, flows[len(flows) - len(short.tails) :], minlength=n).astype(np.int64)
    return Routes(flows[: len(pairs.rows)] > 0, missing[:n])


def strongest_floor(pairs: Candidates, holes: Holes) -> int:
    """Return the highest score below which no pair is needed: as many marks are given as without a floor."""
    net, size = _network(pairs, holes)
    n, m = len(holes.demand), len(holes.most)
    ends = joined(
        [
            arcs(np.arange(n, n + m), n + m, holes.most),
            arcs(size, np.arange(n), holes.demand),
        ]
    )
    levels = np.unique(pairs.scores)
    whole, low, high = _carried(net, ends, pairs, levels[0], size, n + m), 0, len(levels) - 1
    high = min(high, int(np.searchsorted(levels, _ceiling(pairs, holes.demand), "right")) - 1)
    probe = high
    while low < high:
        if _carried(net, ends, pairs, levels[probe], size, n + m) == whole:
            low = probe
        else:
            high = probe - 1
        probe = (low + high + 1) // 2
    return int(levels[low])


def _carried(net: Arcs, ends: Arcs, pairs: Candidates, floor: int, source: int, sink: int) -> int:
    keep = np.ones(len(net.tails), np.bool_)
    keep[: len(pairs.scores)] = pairs.scores >= floor
    kept = Arcs(net.tails[keep], net.heads[keep], net.capacities[keep], net.costs[keep])
    return largest(joined([kept, ends]), source, sink)


def _ceiling(pairs: Candidates, demand: Ints) -> int:
    """Return the lowest, over the applications that have judges enough, of the score of the last judge each needs."""
    order = np.lexsort((-pairs.scores.astype(np.int64), pairs.rows))
    starts = np.searchsorted(pairs.rows[order], np.arange(len(demand) + 1))
    enough = (np.diff(starts) >= demand) & (demand > 0)
    if not enough.any():
        return int(pairs.scores.max())
    return int(pairs.scores[order][starts[:-1][enough] + demand[enough] - 1].min())


def _network(pairs: Candidates, holes: Holes) -> tuple[Arcs, int]:
    """Return the arcs, those of the pairs first, and the number of nodes. A group gets a node where it could crowd a panel."""
    n, m = len(holes.demand), len(holes.most)
    tails, size, parts = pairs.rows.astype(np.int64), n + m + 1, []
    for cap, taken in zip(holes.caps, holes.taken, strict=True):
        groups = cap.groups[pairs.columns]
        span = int(cap.groups.max(initial=0)) + 1
        cells, place, counts = np.unique(
            np.where(groups == NOBODY, -1, pairs.rows * np.int64(span) + groups),
            return_inverse=True,
            return_counts=True,
        )
        left = np.full(len(cells), cap.most)
        for (row, group), number in taken.items():
            at = int(np.searchsorted(cells, row * span + group))
            if at < len(cells) and cells[at] == row * span + group:
                left[at] = max(cap.most - number, 0)
        crowded = (counts > left) & (cells >= 0)
        node = np.where(crowded, size + np.cumsum(crowded) - 1, -1)
        above = np.zeros(len(cells), np.int64)
        above[place] = tails
        parts.append(arcs(above[crowded], node[crowded], left[crowded]))
        tails = np.where(crowded[place], node[place], tails)
        size += int(crowded.sum())
    width = int(pairs.scores.max(initial=0))
    first = arcs(tails, n + pairs.columns, 1, width - pairs.scores.astype(np.int64))
    return joined([first, *parts]), size


def _loads(holes: Holes, step: int) -> Arcs:
    n, m = len(holes.demand), len(holes.most)
    judges, least = np.arange(n, n + m), np.minimum(holes.least, holes.most)
    if not least.any():
        return arcs(judges, n + m, holes.most)
    return joined([arcs(judges, n + m, least), arcs(judges, n + m, holes.most - least, step)])


def _overflow(demand: Ints, sink: int, step: int) -> Arcs:
    """Return one arc for each mark that could be missing, each next of one application dearer by two steps."""
    rows = np.repeat(np.arange(len(demand)), demand)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(demand) - demand, demand)
    return arcs(rows, sink, 1, step * (4 + 2 * nth))
