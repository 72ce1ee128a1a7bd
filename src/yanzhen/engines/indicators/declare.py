"""Declare an indicator: which records it stands on, which date puts them in a period, and what is measured."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Any

from django.db.models import Q, QuerySet

from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.models import Account
from yanzhen.foundation.registry import Registry


class Unit(Enum):
    ITEMS = "件"
    PERSONS = "人"
    UNITS = "家"
    PERCENT = "%"
    YUAN = "元"
    SECONDS = "秒"


@dataclass(frozen=True, slots=True)
class Count:
    """Number of records."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """Number of different values of `field`; records without one do not count."""

    field: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Total of `field`; None where no record has a value."""

    field: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """Percent of the records within `base` that are `part` too; None where the base is empty."""

    part: Q
    base: Q
    base_label: str
    """What the base is, as the reader reads it under the figure."""


@dataclass(frozen=True, slots=True)
class Mean:
    """Average of `field`, of which `per` make one of the unit; None where no record has a value."""

    field: str
    per: int = 1


Measure = Count | Distinct | Sum | Ratio | Mean


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure of the overview. `records` gives the rows that an account may see; `dated` is their date-time field.

    `basis` is the page under docs/rules that says what is counted and on whose authority.
    """

    code: str
    label: str
    unit: Unit
    basis: str
    definition: str
    records: Callable[[Account], QuerySet[Any]]
    dated: str
    measure: Measure
    not_by: tuple[str, ...] = ()
    """Dimensions of its records by which it would say of a part what that part did not do."""

    def __post_init__(self) -> None:
        if isinstance(self.measure, Ratio) != (self.unit is Unit.PERCENT):
            raise DeclarationError(f"{self.code}: a ratio is in percent, and nothing else is")


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open: `first` is included, `after` is not."""

    first: date
    after: date
    label: str = ""

    def __post_init__(self) -> None:
        if self.first >= self.after:
            raise ValueError("a period ends after it begins")

    @classmethod
    def year(cls, year: int) -> Period:
        return cls(date(year, 1, 1), date(year + 1, 1, 1), f"{year}年")

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        after = date(year + month // 12, month % 12 + 1, 1)
        return cls(date(year, month, 1), after, f"{year}年{month}月")

    @classmethod
    def day(cls, day: date) -> Period:
        return cls(day, day + timedelta(days=1), f"{day.year}年{day.month}月{day.day}日")

    @classmethod
    def named(cls, text: str) -> Period:
        """Return the year, month or day that "2026", "2026-11" or "2026-11-26" names; raises ValueError."""
        if not re.fullmatch(r"20\d\d(-\d\d){0,2}", text, re.ASCII):
            raise ValueError(text)
        first = date.fromisoformat(f"{text}-01-01"[:10])
        return {4: cls.year(first.year), 7: cls.month(first.year, first.month), 10: cls.day(first)}[len(text)]


INDICATORS: Registry[Indicator] = Registry("indicator")
