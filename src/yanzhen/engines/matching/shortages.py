"""What is missing where a panel can not be filled, and why: proven, not guessed from the judges that were looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from yanzhen.engines.matching.candidates import BARRED, Candidates, Scores
from yanzhen.engines.matching.field import NOBODY
from yanzhen.engines.matching.network import Bools, Ints
from yanzhen.engines.matching.routes import Holes, Routes


class Shortage(NamedTuple):
    """An application that `lacks` marks. Of all judges: `barred` by reason (one judge may have several), `free` of any
    reason; of the free ones `seated` here, `full` with other panels, `capped` by the cap that keeps them out."""

    application: int
    lacks: int
    barred: dict[str, int]
    free: int
    seated: int
    full: int
    capped: dict[str, int]


def reach(scores: Scores, pairs: Candidates, found: Routes, holes: Holes) -> Ints:
    """Return the applications whose candidates must be widened, none where the shortage is proven.

    From what lacks a mark, over all judges who may judge it, to the panels where those sit, and on: only where that
    comes upon a judge with room can another choice of candidates help.
    """
    frontier = np.flatnonzero(found.missing)
    if not len(frontier):
        return frontier
    n, m = len(holes.demand), len(holes.most)
    rows, columns = pairs.rows[found.chosen], pairs.columns[found.chosen]
    room = holes.most > np.bincount(columns, minlength=m)
    reached, judges = np.zeros(n, np.bool_), np.zeros(m, np.bool_)
    while len(frontier):
        reached[frontier] = True
        for _block, values, _draws in scores.blocks(frontier):
            judges |= (values != BARRED).any(axis=0)
        onward = np.zeros(n, np.bool_)
        onward[rows[judges[columns]]] = True
        frontier = np.flatnonzero(onward & ~reached)
    return np.flatnonzero(reached) if (judges & room & (holes.most > 0)).any() else frontier


def shortages(scores: Scores, holes: Holes, missing: Ints, rows: Ints, columns: Ints) -> tuple[Shortage, ...]:
    """Say of each application that lacks marks what became of every judge. `rows` and `columns` are the pairs chosen."""
    return tuple(_told(scores, holes, missing, rows, columns))


def _told(scores: Scores, holes: Holes, missing: Ints, rows: Ints, columns: Ints) -> Iterator[Shortage]:
    m = len(holes.most)
    full = np.bincount(columns, minlength=m) >= holes.most
    for row in np.flatnonzero(missing):
        here = np.zeros(m, np.bool_)
        here[columns[rows == row]] = True
        free = ~scores.barred(np.array([row]))[0]
        yield Shortage(
            application=int(scores.field.applications.keys[row]),
            lacks=int(missing[row]),
            barred={name: int(mask.sum()) for name, mask in scores.barred_by(np.array([row]))},
            free=int(free.sum()),
            seated=int(here.sum()),
            full=int((free & ~here & full).sum()),
            capped=_capped(holes, int(row), here, free & ~here & ~full),
        )


def _capped(holes: Holes, row: int, here: Bools, left: Bools) -> dict[str, int]:
    """Count the judges with room who are left, by the first cap that is used up for their group."""
    found = {}
    for cap, taken in zip(holes.caps, holes.taken, strict=True):
        used = np.bincount(cap.groups[here & (cap.groups != NOBODY)], minlength=int(cap.groups.max()) + 2)
        for (other, group), number in taken.items():
            if other == row:
                used[group] += number
        shut = left & (cap.groups != NOBODY) & (used[cap.groups] >= cap.most)
        found[cap.reason] = int(shut.sum())
        left = left & ~shut
    return found
