"""The calendar of 2024 to 2028 as a value, without a database: three years published, two presumed."""

from __future__ import annotations

from datetime import date, datetime

from yanzhen.foundation.calendar import Calendar
from yanzhen.foundation.calendar.days import SHANGHAI
from yanzhen.foundation.calendar.years import published_days, statutory_days

PUBLISHED = (2024, 2025, 2026)
PRESUMED = (2027, 2028)


def calendar(published: tuple[int, ...] = PUBLISHED, presumed: tuple[int, ...] = PRESUMED) -> Calendar:
    days = [day for year in published for day in published_days(year)]
    days += [day for year in presumed for day in statutory_days(year)]
    return Calendar(
        off=frozenset(d.day for d in days if d.kind != "work"),
        worked=frozenset(d.day for d in days if d.kind == "work"),
        published=frozenset(published),
        presumed=frozenset(presumed),
    )


CALENDAR = calendar()


def at(text: str) -> datetime:
    """Read a local time such as "2026-09-21 10:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def day(text: str) -> date:
    return date.fromisoformat(text)
