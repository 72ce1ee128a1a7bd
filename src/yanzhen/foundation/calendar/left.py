"""How much of a term is left, as staff read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.utils.translation import get_language, gettext

from yanzhen.foundation.calendar.days import Calendar

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Remaining:
    """Working time and plain time left; both are negative once the term is over."""

    working: timedelta
    elapsed: timedelta
    day: timedelta
    """Working time of one working day."""

    @property
    def overdue(self) -> bool:
        return self.elapsed < timedelta(0)

    @property
    def days(self) -> int:
        """Whole working days left, or (negative) past."""
        days = abs(self.working) // self.day
        return -days if self.overdue else days

    @property
    def hours(self) -> int:
        """Whole working hours left, or (negative) past, over the whole days."""
        hours = (abs(self.working) % self.day) // timedelta(hours=1)
        return -hours if self.overdue else hours


def remaining(now: datetime, due_at: datetime, calendar: Calendar) -> Remaining:
    """Return what is left at `now`; `due_at` itself is still in time."""
    worked = calendar.worked_by(due_at) - calendar.worked_by(now)
    return Remaining(
        timedelta(microseconds=worked), due_at - now, timedelta(microseconds=calendar.day_length)
    )


def remaining_text(left: Remaining, *, short: bool = False) -> str:
    """Return such as "剩余 3 个工作日 2 小时" or "已超期 1 个工作日"; `short` leaves the hours beside days out."""
    days, hours = abs(left.days), abs(left.hours)
    if short and days:
        hours = 0
    minutes = 0 if days or hours else abs(left.working) // MINUTE
    plain = 0 if days or hours or minutes or left.overdue else left.elapsed // MINUTE
    return _text(get_language(), left.overdue, days, hours, minutes, plain)


@lru_cache(maxsize=4096)
def _text(_language: str, overdue: bool, days: int, hours: int, minutes: int, plain: int) -> str:
    """Say it in the language in force; `plain` are the minutes left by the clock where none is working time."""
    parts = [gettext("%(n)s 个工作日") % {"n": days}] if days else []
    if hours:
        parts.append(gettext("%(n)s 小时") % {"n": hours})
    if minutes:
        parts.append(gettext("%(n)s 分钟") % {"n": minutes})
    if parts:
        return (gettext("已超期 %(time)s") if overdue else gettext("剩余 %(time)s")) % {
            "time": " ".join(parts)
        }
    if overdue:
        return gettext("已超期（未满 1 分钟工作时间）")
    hours, minutes = divmod(plain, 60)
    told = gettext("%(n)s 小时") % {"n": hours} if hours else gettext("%(n)s 分钟") % {"n": minutes}
    return gettext("剩余 %(time)s（非工作时间）") % {"time": told}
