"""What goes into a score run: every application of the round, and one score of each judge for each he marked.

Values are Decimals, 28 digits at most, as `criteria.total` gives them: three thirds are one again when they are summed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from yanzhen.foundation.errors import Invalid

EXACT = Decimal("1e-12")
"""What Decimal sums are told in: 28 digits less what thirds and long sums lose."""
Floats = npt.NDArray[np.float64]
Indexes = npt.NDArray[np.int64]


class Given(NamedTuple):
    """What one judge gave one application in all; None is not applicable."""

    application: int
    judge: int
    value: Decimal | None


class Entry(NamedTuple):
    """An application of the round, marked or not, and what the tie chain may ask of it."""

    application: int
    earlier: Decimal | None = None
    """The value with which it qualified in an earlier round."""
    aspects: tuple[tuple[str, Decimal | None], ...] = ()
    """Means of designated aspects, by code."""


class AspectGiven(NamedTuple):
    """What one judge gave for one aspect; None is not applicable."""

    application: int
    judge: int
    aspect: str
    value: Decimal | None


@dataclass(frozen=True)
class ScoreInput:
    """Raises Invalid where a mark stands outside the scale `low` to `high`, twice, or on an application not entered.

    The order of marks and entries means nothing: they are kept sorted.
    """

    marks: tuple[Given, ...]
    entries: tuple[Entry, ...]
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(100)

    def __post_init__(self) -> None:
        object.__setattr__(self, "marks", tuple(sorted(self.marks, key=lambda mark: mark[:2])))
        object.__setattr__(self, "entries", tuple(sorted(self.entries, key=lambda entry: entry[0])))
        if fault := _fault(self):
            raise Invalid(fault)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the canonical lines: equal for equal marks, however they were ordered or written (85, 85.0)."""
        digest = hashlib.sha256()
        for line in _lines(self):
            digest.update(line.encode())
        return digest.hexdigest()

    @cached_property
    def table(self) -> Table:
        """The marks that are numbers, as arrays."""
        numbers = [mark for mark in self.marks if mark.value is not None]
        values = np.array([float(mark.value) for mark in numbers if mark.value is not None], np.float64)
        applications, application = np.unique(
            np.array([mark.application for mark in numbers], np.int64), return_inverse=True
        )
        judges, judge = np.unique(np.array([mark.judge for mark in numbers], np.int64), return_inverse=True)
        return Table(applications, judges, application.astype(np.int64), judge.astype(np.int64), values)


@dataclass(frozen=True, slots=True)
class Table:
    """Marks as arrays, one element a mark: indexes into `applications` and `judges` (ids, ascending), and values."""

    applications: Indexes
    judges: Indexes
    application: Indexes
    judge: Indexes
    values: Floats

    def by_application(self, weights: Floats | None = None) -> Floats:
        return np.bincount(self.application, weights, len(self.applications)).astype(np.float64)

    def by_judge(self, weights: Floats | None = None) -> Floats:
        return np.bincount(self.judge, weights, len(self.judges)).astype(np.float64)


def aspect_means(given: Iterable[AspectGiven]) -> dict[int, tuple[tuple[str, Decimal | None], ...]]:
    """Return by application what `Entry.aspects` takes: the mean of the judges, None where none gave a number."""
    found: dict[int, dict[str, list[Decimal]]] = {}
    for application, _judge, aspect, value in given:
        numbers = found.setdefault(application, {}).setdefault(aspect, [])
        if value is not None:
            numbers.append(value)
    return {
        application: tuple(
            (code, mean(numbers) if numbers else None) for code, numbers in sorted(aspects.items())
        )
        for application, aspects in found.items()
    }


def mean(values: list[Decimal]) -> Decimal:
    return (sum(values, Decimal(0)) / len(values)).quantize(EXACT)


def plain(value: Decimal | None) -> str | None:
    """Write a number in one way only: no exponent, no zeros at the end, no minus zero."""
    if value is None:
        return None
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _fault(given: ScoreInput) -> str | None:
    entered = {entry.application for entry in given.entries}
    if len(entered) != len(given.entries):
        return "参评名单中有重复的申报，请先去重。"
    before: tuple[int, int] | None = None
    for mark in given.marks:
        if mark[:2] == before:
            return f"评委 {mark.judge} 对申报 {mark.application} 有两份有效评分；请先作废其中一份。"
        before = mark[:2]
        if mark.application not in entered:
            return f"评委 {mark.judge} 所评的申报 {mark.application} 不在参评名单中；请核对名单或作废该评分。"
        value = mark.value
        if value is not None and not (value.is_finite() and given.low <= value <= given.high):
            return (
                f"评委 {mark.judge} 给申报 {mark.application} 的得分 {value} 不在 {given.low:f} 至 {given.high:f} "
                f"之内；请改正或作废该评分后再计算。"
            )
    return None


def _lines(given: ScoreInput) -> Iterator[str]:
    yield f"scale {plain(given.low)} {plain(given.high)}\n"
    for entry in given.entries:
        aspects = sorted((code, plain(value)) for code, value in entry.aspects)
        yield f"entry {entry.application} {plain(entry.earlier)} {aspects}\n"
    for mark in given.marks:
        yield f"mark {mark.application} {mark.judge} {plain(mark.value)}\n"
