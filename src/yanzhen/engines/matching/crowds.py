"""Many panels under caps: solved without the caps first, then anew where a cap is broken. Proven, or not used.

A flow with a node for every group that could crowd a panel takes four times as long as one without, and yet few panels
break a cap that nobody kept. Those few are solved again with the caps, and with them some others by lot, that places
may change hands. The prices of the flow without caps bound the best panel with them too, so what was lost is told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from yanzhen.engines.matching.candidates import BARRED, Candidates, Scores, gather
from yanzhen.engines.matching.draws import scatter
from yanzhen.engines.matching.network import Bools, Ints
from yanzhen.engines.matching.prices import Crowd, bounded, prices
from yanzhen.engines.matching.routes import Holes, Routes, route

MANY = 4_000
"""Applications from which the whole flow with caps takes seconds."""
ONE_IN = 8
"""Of the panels that break no cap so many are solved anew as well."""
ENOUGH = 4e-4
"""Share of the best possible total that may be lost this way; more, and the whole flow is solved."""


class Eased(NamedTuple):
    """Candidates, the pairs that were taken, and the gap that is proven."""

    pairs: Candidates
    found: Routes
    gap: float


def eased(scores: Scores, holes: Holes, best: int, lots: int) -> Eased | None:
    """Return panels that keep every cap, or None: for few applications, where a mark or a least load would be missing, or
    where more than ENOUGH could be lost."""
    if not holes.caps or np.count_nonzero(holes.demand) < MANY:
        return None
    pairs = gather(scores, best, lots, np.flatnonzero(holes.demand))
    loose = replace(holes, caps=(), taken=())
    easy = route(pairs, loose)
    if easy.missing.any():
        return None
    found = _mended(scores, pairs, holes, easy.chosen)
    loads = np.bincount(pairs.columns[found.chosen], minlength=len(holes.most))
    if found.missing.any() or (loads < holes.least).any():
        return None
    worth = prices(pairs, easy.chosen, holes.least, Crowd(pairs, easy.chosen, loose))
    seen = bounded(scores, pairs, found.chosen, holes, int(BARRED) + 1, worth)
    total = int(pairs.scores[found.chosen].astype(np.int64).sum())
    gap = max(seen.bound - total, 0) / max(seen.bound, 1)
    return Eased(pairs, found, gap) if gap <= ENOUGH else None


def _mended(scores: Scores, pairs: Candidates, holes: Holes, chosen: Bools) -> Routes:
    """Solve anew, with the caps and in the room that the others leave, what breaks one, and some more by lot."""
    keys = scores.field.applications.keys
    again = scatter(scores.seed, keys, np.array([ONE_IN])) % np.uint64(ONE_IN) == 0
    again |= _crowded(pairs, chosen, holes)
    inside = again[pairs.rows]
    kept = chosen & ~inside
    loads = np.bincount(pairs.columns[kept], minlength=len(holes.most))
    part = Candidates(pairs.rows[inside], pairs.columns[inside], pairs.scores[inside])
    open_ = replace(
        holes,
        demand=np.where(again, holes.demand, 0),
        least=np.maximum(holes.least - loads, 0),
        most=np.maximum(holes.most - loads, 0),
    )
    found = route(part, open_)
    kept[np.flatnonzero(inside)] = found.chosen
    return Routes(kept, found.missing)


def _crowded(pairs: Candidates, chosen: Bools, holes: Holes) -> Bools:
    """Tell which applications have more judges of a group than its cap allows, those who sit already among them."""
    found = np.zeros(len(holes.demand), np.bool_)
    rows, columns = pairs.rows[chosen], pairs.columns[chosen]
    for cap, taken in zip(holes.caps, holes.taken, strict=True):
        counts: Ints = np.zeros((len(found), int(cap.groups.max(initial=-1)) + 2), np.int64)
        np.add.at(counts, (rows, cap.groups[columns]), 1)
        for (row, group), number in taken.items():
            counts[row, group] += number
        counts[:, -1] = 0  # where nobody's code -1 points
        found |= (counts > cap.most).any(axis=1)
    return found
