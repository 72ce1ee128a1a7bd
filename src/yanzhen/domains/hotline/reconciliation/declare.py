"""Sources: ways in which appeals arrive, each with what it keeps of an arrival beside the case that came of it.

An app declares its own in `sources.py`. The comparison asks both ways: what arrived without a case, and which case
has no arrival. Rules: docs/rules/reconciliation.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from yanzhen.foundation.registry import Registry

MOST = 1000
"""Differences that are kept of one source and day: whoever has more has one cause to look for, not a thousand."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not fit: what is wrong with which, why it counts, and what to do about it."""

    what: str
    which: str
    """A number or id, as one looks it up."""
    why: str
    remedy: str
    region: str = ""
    """Code of where it belongs; "" is shown to those who see the whole province."""
    page: str = ""
    """What `which` leads to: "case", "batch", "trail" or nothing."""


@dataclass(frozen=True, slots=True)
class Count:
    """How much arrived, how many cases there are of it, and how much of it rightly ended in no case.

    `otherwise` is None where nothing may: there a lack is a difference.
    """

    incoming: int
    cases: int
    otherwise: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A way in. Both functions take the day and see every row; `differences` returns MOST + 1 at most."""

    code: str
    label: str
    count: Callable[[date], Count]
    differences: Callable[[date], list[Difference]]
    otherwise: str = ""
    """What an arrival came to that rightly has no case; "" where there is no such thing."""
    again: bool = False
    """Whether a day is compared once more a night later: what arrives on it may still be open that night."""


SOURCES: Registry[Source] = Registry("source of arrivals")


def bounds(day: date) -> dict[str, Any]:
    """Return the parameters of every statement about a day: start, the next day's start, and how many rows to give."""
    return {"start": _midnight(day), "end": _midnight(day + timedelta(days=1)), "most": MOST + 1}


def rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement by a programmer and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def counted(statement: str, values: dict[str, Any]) -> Count:
    (numbers,) = rows(statement, values)
    return Count(*numbers)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())
