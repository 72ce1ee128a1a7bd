"""Chance that can be repeated: a number for each seed and pair of keys, whatever the order in which they come."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from yanzhen.engines.matching.network import Ints

Draws = npt.NDArray[np.uint64]
STEP = 0x9E3779B97F4A7C15
WORD = 2**64 - 1


def scatter(seed: int, left: Ints, right: Ints) -> Draws:
    """Return 64 evenly spread bits for each pair of keys; `left` and `right` are broadcast."""
    rows = _mixed(left.astype(np.uint64) + np.uint64((seed * STEP + STEP) & WORD))
    columns = _mixed(right.astype(np.uint64) + np.uint64(STEP))
    return _mixed(rows ^ columns)


def _mixed(values: Draws) -> Draws:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
