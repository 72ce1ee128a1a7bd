"""Places shared out by weight: largest remainder (Hamilton), in exact fractions, with what is tied said and not decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import NamedTuple


class Measure(NamedTuple):
    """One basis of the weights (workers, output, past results): its share of the whole, and its figure for each cell."""

    code: str
    share: Fraction
    figures: Mapping[str, int]


class Share(NamedTuple):
    """A cell's exact part of the places, the places it has, and whether one of them is its by remainder."""

    exact: Fraction
    places: int
    by_remainder: bool


@dataclass(frozen=True, slots=True)
class Quota:
    """`cells` and `reserve` and `open` add up to the total. `open` places are left where `tied` cells have the same
    remainder, more than there are places: whoever declared the weights says which get them."""

    cells: Mapping[str, Share]
    reserve: int
    open: int
    tied: tuple[str, ...]


def share_out(
    total: int, measures: Sequence[Measure], *, reserve: int = 0, order: Sequence[str] = ()
) -> Quota:
    """Share `total` less `reserve` places among the cells of `measures`.

    `order` is a declared order of cells (by past results, by lot) that breaks ties; one that leaves out any
    of the tied breaks nothing.
    Raises ValueError where the shares do not add up to 1, a figure is below zero or a measure is zero for all.
    """
    weights = _weights(measures)
    if not 0 <= reserve <= total:
        raise ValueError("the reserve is more than there is, or below zero")
    exact = {cell: weight * (total - reserve) for cell, weight in weights.items()}
    left = total - reserve - sum(floor(each) for each in exact.values())
    ahead, tied = _by_remainder({cell: each - floor(each) for cell, each in exact.items()}, left, order)
    cells = {cell: Share(each, floor(each) + (cell in ahead), cell in ahead) for cell, each in exact.items()}
    return Quota(cells, reserve, left - len(ahead), tied)


def _weights(measures: Sequence[Measure]) -> dict[str, Fraction]:
    cells = sorted({cell for measure in measures for cell in measure.figures})
    if sum(measure.share for measure in measures) != 1 or any(measure.share < 0 for measure in measures):
        raise ValueError("the shares of the measures do not add up to 1")
    found = dict.fromkeys(cells, Fraction(0))
    for measure in measures:
        whole = sum(measure.figures.values())
        if whole == 0 or min(measure.figures.values()) < 0:
            raise ValueError(f"{measure.code} is zero for all, or below zero")
        for cell, figure in measure.figures.items():
            found[cell] += measure.share * Fraction(figure, whole)
    return found


def _by_remainder(
    remainders: Mapping[str, Fraction], left: int, order: Sequence[str]
) -> tuple[set[str], tuple[str, ...]]:
    """Return the cells that get one more, and those that tie for what is left; never decided by their names."""
    if left == 0:
        return set(), ()
    line = sorted(remainders.values(), reverse=True)[left - 1]
    ahead = {cell for cell, rest in remainders.items() if rest > line}
    level = {cell for cell, rest in remainders.items() if rest == line}
    if len(ahead) + len(level) == left:
        return ahead | level, ()
    known = [cell for cell in order if cell in level]
    if len(known) == len(level):
        return ahead | set(known[: left - len(ahead)]), ()
    return ahead, tuple(sorted(level))
