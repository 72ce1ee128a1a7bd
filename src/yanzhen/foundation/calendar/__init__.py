"""The working-day calendar: terms in, deadlines out. Rules and sources: docs/rules/calendar.md."""

from yanzhen.foundation.calendar.counting import end_of, warning_at
from yanzhen.foundation.calendar.days import Calendar, CalendarMissing
from yanzhen.foundation.calendar.left import Remaining, remaining, remaining_text
from yanzhen.foundation.calendar.spans import Deadline, Span, Step, Unit
from yanzhen.foundation.calendar.years import (
    Day,
    YearRefused,
    concerns,
    load_calendar,
    load_year,
    on_year_loaded,
    read_year,
    seed,
)

__all__ = [
    "Calendar",
    "CalendarMissing",
    "Day",
    "Deadline",
    "Remaining",
    "Span",
    "Step",
    "Unit",
    "YearRefused",
    "concerns",
    "end_of",
    "load_calendar",
    "load_year",
    "on_year_loaded",
    "read_year",
    "remaining",
    "remaining_text",
    "seed",
    "warning_at",
]
