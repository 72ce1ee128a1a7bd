"""What a panel is made from: applications, judges, who may not judge whom, and how many of one kind may sit together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from yanzhen.engines.matching.network import Bools, Ints

NOBODY = -1
"""The code of who has no city, no employer, no group: it equals no other."""

MOST_TRAITS = 500
"""So that a fit in millionths, and its price, stay within 30 bits."""


@dataclass(frozen=True, slots=True)
class Applications:
    """`keys` are the caller's numbers, each once; `traits` (n, t) weigh topics and skills, 0 to 1000 each;
    `marks` (n,) says how many judges each needs."""

    keys: Ints
    traits: Ints
    marks: Ints


@dataclass(frozen=True, slots=True)
class Judges:
    """`traits` (m, t) as for applications; `least` and `most` (m,) bound how many applications each judges."""

    keys: Ints
    traits: Ints
    least: Ints
    most: Ints


class Apart(NamedTuple):
    """Judge and application of the same code may not meet: an employer, a city."""

    reason: str
    applications: Ints
    judges: Ints


class Named(NamedTuple):
    """Pairs of keys that may not meet: kin, co-authors, mentors, declared, learned late."""

    reason: str
    applications: Ints
    judges: Ints


class Lacking(NamedTuple):
    """A judge must hold every skill that the application needs: `needs` (n, s), `holds` (m, s)."""

    reason: str
    needs: Bools
    holds: Bools


class Cap(NamedTuple):
    """At most `most` judges of one group on a panel; `groups` (m,) are codes of the judges."""

    reason: str
    groups: Ints
    most: int


Bar = Apart | Named | Lacking


@dataclass(frozen=True, slots=True)
class Field:
    """One panel round. `caps` go from wide to narrow: each group of the next lies within one group of this (city, employer).

    Raises ValueError where sizes differ, keys repeat, a trait is outside 0 to 1000, a load is turned round or a group
    of a narrow cap lies in two of a wide one.
    """

    applications: Applications
    judges: Judges
    bars: tuple[Bar, ...] = ()
    caps: tuple[Cap, ...] = ()

    def __post_init__(self) -> None:
        a, j = self.applications, self.judges
        n, m = len(a.keys), len(j.keys)
        _sized(n, a.marks, a.traits, *(x for b in self.bars for x in _of_applications(b)))
        _sized(m, j.least, j.most, j.traits, *(x for b in self.bars for x in _of_judges(b)))
        _sized(m, *(c.groups for c in self.caps))
        if len(np.unique(a.keys)) != n or len(np.unique(j.keys)) != m:
            raise ValueError("a key is there twice")
        if any(t.size and not 0 <= t.min() <= t.max() <= 1000 for t in (a.traits, j.traits)):
            raise ValueError("a trait is outside 0 to 1000")
        if a.traits.shape[1] != j.traits.shape[1] or a.traits.shape[1] > MOST_TRAITS:
            raise ValueError(f"traits are not the same for both, or more than {MOST_TRAITS}")
        if (a.marks < 0).any() or (j.least < 0).any() or (j.least > j.most).any():
            raise ValueError("a load or a number of marks is turned round")
        _nested(self.caps)

    def ordered(self) -> Field:
        """Return the same field in the order of its keys, so that the order of rows decides nothing; groups count from 0."""
        rows, columns = np.argsort(self.applications.keys), np.argsort(self.judges.keys)
        a, j = self.applications, self.judges
        return Field(
            Applications(a.keys[rows], a.traits[rows], a.marks[rows]),
            Judges(j.keys[columns], j.traits[columns], j.least[columns], j.most[columns]),
            tuple(_ordered(bar, rows, columns) for bar in self.bars),
            tuple(Cap(c.reason, _dense(c.groups[columns]), c.most) for c in self.caps),
        )

    def digest(self) -> str:
        """Return the SHA-256 over all that decides, in the order of the keys."""
        field = self.ordered()
        a, j = field.applications, field.judges
        parts: list[object] = [a.keys, a.traits, a.marks, j.keys, j.traits, j.least, j.most]
        for each in (*field.bars, *field.caps):
            parts += [type(each).__name__, *each]
        return digest(parts)


def digest(parts: list[object]) -> str:
    """Return the SHA-256 of arrays and plain values; each goes in with its shape or length, numbers as 64-bit integers."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            found.update(repr(part.shape).encode())
            found.update(np.ascontiguousarray(part, dtype="<i8").tobytes())
        else:
            text = repr(part).encode()
            found.update(len(text).to_bytes(4, "little") + text)
    return found.hexdigest()


def _of_applications(bar: Bar) -> list[Ints | Bools]:
    return [] if isinstance(bar, Named) else [bar.needs if isinstance(bar, Lacking) else bar.applications]


def _of_judges(bar: Bar) -> list[Ints | Bools]:
    return [] if isinstance(bar, Named) else [bar.holds if isinstance(bar, Lacking) else bar.judges]


def _sized(size: int, *columns: Ints | Bools) -> None:
    if any(len(column) != size for column in columns):
        raise ValueError(f"a column has not the {size} rows that its keys have")


def _nested(caps: tuple[Cap, ...]) -> None:
    for wide, narrow in pairwise(caps):
        held = narrow.groups != NOBODY
        pairs = np.unique(np.stack([narrow.groups[held], wide.groups[held]]), axis=1)
        if len(np.unique(pairs[0])) != pairs.shape[1]:
            raise ValueError(f"a group of {narrow.reason} lies in two of {wide.reason}")


def _dense(groups: Ints) -> Ints:
    held = groups != NOBODY
    found = np.full(len(groups), NOBODY)
    found[held] = np.unique(groups[held], return_inverse=True)[1]
    return found


def _ordered(bar: Bar, rows: Ints, columns: Ints) -> Bar:
    if isinstance(bar, Named):
        by = np.lexsort((bar.judges, bar.applications))
        return Named(bar.reason, bar.applications[by], bar.judges[by])
    if isinstance(bar, Apart):
        return Apart(bar.reason, bar.applications[rows], bar.judges[columns])
    return Lacking(bar.reason, bar.needs[rows], bar.holds[columns])
