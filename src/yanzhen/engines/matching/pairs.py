"""Many to one under capacity: apprentices to mentors, enterprises to instructors; the best overall, and who is left without."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from yanzhen.engines.matching.candidates import located
from yanzhen.engines.matching.draws import scatter
from yanzhen.engines.matching.field import digest
from yanzhen.engines.matching.network import SOLVER, Ints, arcs, cheapest, joined
from yanzhen.engines.matching.panels import Stamp

CHANCE = 64
"""Steps of chance among equal answers; less than one unit of misfit in all, so that it never outweighs one."""


class Why(StrEnum):
    NO_CANDIDATE = "no_candidate"
    """No pair was offered."""
    FULL = "full"
    """All places of those offered are taken by others, who could not be moved at a lower price."""
    TOO_FAR = "too_far"
    """There is room, at a misfit above the price of staying without."""


class Unserved(NamedTuple):
    seeker: int
    why: Why
    offered: int
    room: int
    """Offered ones who have a place left."""


@dataclass(frozen=True, slots=True)
class Offers:
    """Pairs that are possible, by key, each once, with a whole misfit of 0 or more; `places` (m,) go with `holders`."""

    seekers: Ints
    holders: Ints
    places: Ints
    pairs: tuple[Ints, Ints]
    misfits: Ints

    def __post_init__(self) -> None:
        left, right = self.pairs
        if not len(left) == len(right) == len(self.misfits) or len(self.holders) != len(self.places):
            raise ValueError("columns of one table have different lengths")
        if len(np.unique(self.seekers)) != len(self.seekers) or len(np.unique(self.holders)) != len(
            self.holders
        ):
            raise ValueError("a key is there twice")
        if (self.places < 0).any() or (self.misfits < 0).any():
            raise ValueError("a number of places or a misfit is below zero")

    def ordered(self) -> tuple[Offers, Ints, Ints]:
        """Return the same in the order of keys, with rows and columns of the pairs. Raises ValueError for a pair of strangers."""
        seekers, by = np.sort(self.seekers), np.argsort(self.holders)
        rows, known = located(seekers, self.pairs[0])
        columns, held = located(self.holders[by], self.pairs[1])
        if not (known & held).all():
            raise ValueError("a pair names somebody who is not here")
        order = np.lexsort((columns, rows))
        cells = rows[order] * np.int64(len(by)) + columns[order]
        if (np.diff(cells) == 0).any():
            raise ValueError("a pair is there twice")
        pairs = (self.pairs[0][order], self.pairs[1][order])
        kept = Offers(seekers, self.holders[by], self.places[by], pairs, self.misfits[order])
        return kept, rows[order], columns[order]


@dataclass(frozen=True, slots=True)
class Pairing:
    """Who goes with whom, by key, in the order of seekers; the price is the sum of misfits plus that of the unserved."""

    seekers: Ints
    holders: Ints
    misfits: Ints
    unserved: tuple[Unserved, ...]
    price: int
    stamp: Stamp


def pair(offers: Offers, *, unserved: int, seed: int) -> Pairing:
    """Give every seeker at most one holder, at the least sum of misfits plus `unserved` for each who stays without.

    Among equally good pairings the seed decides; the order of rows makes no difference.
    """
    o, rows, columns = offers.ordered()
    n, m = len(o.seekers), len(o.holders)
    if not n:
        rows = columns = np.zeros(0, np.int64)
    stride = n * CHANCE + 1
    chance = (scatter(seed, *o.pairs) % np.uint64(CHANCE)).astype(np.int64)
    net = joined(
        [
            arcs(rows, n + columns, 1, o.misfits * stride + chance),
            arcs(np.arange(n, n + m), n + m, o.places),
            arcs(np.arange(n), n + m, 1, unserved * stride),
        ]
    )
    flows = cheapest(net, _supplies(n, m))
    taken = flows[: len(rows)] > 0
    without = np.flatnonzero(flows[len(flows) - n :] > 0) if n else rows
    return Pairing(
        seekers=o.pairs[0][taken],
        holders=o.pairs[1][taken],
        misfits=o.misfits[taken],
        unserved=_told(o, rows, columns, o.places - np.bincount(columns[taken], minlength=m), without),
        price=int(o.misfits[taken].sum()) + unserved * len(without),
        stamp=Stamp(seed, _mark(o, unserved, seed), SOLVER),
    )


def _supplies(n: int, m: int) -> Ints:
    found = np.zeros(n + m + 1, np.int64)
    found[:n], found[n + m] = 1, -n
    return found


def _told(offers: Offers, rows: Ints, columns: Ints, room: Ints, without: Ints) -> tuple[Unserved, ...]:
    starts = np.searchsorted(rows, np.arange(len(offers.seekers) + 1))
    found = []
    for row in without:
        offered = columns[starts[row] : starts[row + 1]]
        left = int((room[offered] > 0).sum())
        why = Why.TOO_FAR if left else Why.FULL if len(offered) else Why.NO_CANDIDATE
        found.append(Unserved(int(offers.seekers[row]), why, len(offered), left))
    return tuple(found)


def _mark(offers: Offers, unserved: int, seed: int) -> str:
    return digest(
        [offers.seekers, offers.holders, offers.places, *offers.pairs, offers.misfits, unserved, seed]
    )
