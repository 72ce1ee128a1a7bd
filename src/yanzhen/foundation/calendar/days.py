"""The calendar as a value: which days are worked, which years are known, when an office is open."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from yanzhen.foundation.errors import Refusal

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE_HOURS = ((time(9), time(12)), (time(13, 30), time(17, 30)))
SECOND = 1_000_000
MIDNIGHT = 24 * 3600 * SECOND


class CalendarMissing(Refusal):
    """A term runs into a year that the calendar does not hold, not even presumed."""

    code = "calendar_missing"

    def __init__(self, year: int) -> None:
        super().__init__(f"工作日历中没有 {year} 年，无法计算时限：请先载入该年度的放假安排", year=year)


@dataclass(frozen=True)
class Calendar:
    """Monday to Friday, less the days `off`, and the weekend days `worked`, over the years that are known.

    Any amount of working time between two instants, or its end, is found by index: `_rank` holds for each day the
    number of working days up to it, `_working` the working days by that number. Days are ordinals inside.
    """

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    published: frozenset[int] = frozenset()
    presumed: frozenset[int] = frozenset()
    hours: tuple[tuple[time, time], ...] = OFFICE_HOURS
    """When offices are open on a working day: (from, to) in order, not overlapping."""
    zone: ZoneInfo = SHANGHAI
    _base: int = field(init=False, repr=False, compare=False)
    _rank: list[int] = field(init=False, repr=False, compare=False)
    _working: list[int] = field(init=False, repr=False, compare=False)
    _windows: tuple[tuple[int, int], ...] = field(init=False, repr=False, compare=False)
    day_length: int = field(init=False, repr=False, compare=False)
    """Working time of one day, in microseconds."""

    def __post_init__(self) -> None:
        windows = tuple((_since_midnight(opens), _since_midnight(closes)) for opens, closes in self.hours)
        edges = [edge for window in windows for edge in window]
        if not edges or sorted(set(edges)) != edges:
            raise ValueError("office hours are empty, overlap or are out of order")
        years = self.published | self.presumed
        base = date(min(years), 1, 1).toordinal() if years else 1
        end = date(max(years), 12, 31).toordinal() if years else 0
        off = {day.toordinal() for day in self.off}
        worked = {day.toordinal() for day in self.worked}
        rank: list[int] = []
        working: list[int] = []
        for day in range(base, end + 1):
            # Ordinal 1 is a Monday: 6 and 0 are the weekend.
            if day in worked or (1 <= day % 7 <= 5 and day not in off):
                working.append(day)
            rank.append(len(working))
        computed = {
            "_base": base, "_rank": rank, "_working": working, "_windows": windows,
            "day_length": sum(closes - opens for opens, closes in windows),
        }  # fmt: skip
        for name, value in computed.items():
            object.__setattr__(self, name, value)

    def is_working(self, day: date) -> bool:
        return self.next_working(day.toordinal()) == day.toordinal()

    def rank(self, day: int) -> int:
        """Return the number of working days up to and with `day`; raises CalendarMissing outside the years."""
        index = day - self._base
        if not 0 <= index < len(self._rank):
            raise CalendarMissing(date.fromordinal(day).year)
        return self._rank[index]

    def nth(self, rank: int) -> int:
        """Return the working day that has `rank`; raises CalendarMissing past the last year."""
        if not 0 < rank <= len(self._working):
            raise CalendarMissing(self._edge(past=rank > 0))
        return self._working[rank - 1]

    def next_working(self, day: int) -> int:
        """Return `day` itself where it is a working day, else the first one after it."""
        rank = self.rank(day)
        return day if rank and self._working[rank - 1] == day else self.nth(rank + 1)

    def last_working(self, day: int) -> int:
        """Return `day` itself where it is a working day, else the last one before it."""
        return self.nth(self.rank(day))

    def unpublished(self, first: int, last: int) -> int | None:
        """Return the first year that the days from `first` to `last` touch and whose days off may still change.

        The notice for a year has so far reached back as far as 29 December of the year before: those three days stand
        only when the next year is published too. Raises CalendarMissing for a year that is not known at all.
        """
        end = date.fromordinal(last)
        years = range(date.fromordinal(first).year, end.year + 1 + (end.month == 12 and end.day >= 29))
        found = None
        for year in years:
            if year not in self.published:
                if year not in self.presumed and year <= end.year:
                    raise CalendarMissing(year)
                found = found or year
        return found

    def worked_by(self, at: datetime) -> int:
        """Return the working time up to `at` since the calendar's first day, in microseconds."""
        local = at.astimezone(self.zone)
        day = local.toordinal()
        rank = self.rank(day)
        if not rank or self._working[rank - 1] != day:
            return rank * self.day_length
        now = _since_midnight(local.time())
        return (rank - 1) * self.day_length + sum(
            min(now, closes) - opens for opens, closes in self._windows if now > opens
        )

    def when(self, worked: int) -> datetime:
        """Return the first instant at which `worked` microseconds of working time are over."""
        days, rest = divmod(worked, self.day_length)
        if rest == 0:
            days, rest = days - 1, self.day_length
        day = self.nth(days + 1)
        for opens, closes in self._windows:
            if rest <= closes - opens:
                return self.at(day, opens + rest)
            rest -= closes - opens
        raise AssertionError("a day's rest is never longer than its windows")

    def at(self, day: int, microseconds: int) -> datetime:
        """Return an instant of `day`, counted from its local midnight; 24:00 is the day's last microsecond."""
        start = datetime.combine(date.fromordinal(day), time(), tzinfo=self.zone)
        return start + timedelta(microseconds=min(microseconds, MIDNIGHT - 1))

    def opening(self, day: int) -> datetime:
        return self.at(day, self._windows[0][0])

    def closing(self, day: int) -> datetime:
        return self.at(day, self._windows[-1][1])

    def is_open(self, at: datetime) -> bool:
        """Tell whether offices are open at `at`; the minute of closing is not included."""
        local = at.astimezone(self.zone)
        now = _since_midnight(local.time())
        return self.is_working(local.date()) and any(opens <= now < closes for opens, closes in self._windows)

    def duty_time(self, at: datetime, *, urgent: bool = False) -> datetime:
        """Return when somebody should be told of what happens at `at`: then if offices are open or it is urgent, else
        when they next open.
        """
        if urgent or self.is_open(at):
            return at
        local = at.astimezone(self.zone)
        day = local.toordinal()
        if self.is_working(local.date()):
            openings = [opens for opens, _ in self._windows]
            index = bisect_right(openings, _since_midnight(local.time()))
            if index < len(openings):
                return self.at(day, openings[index])
        return self.opening(self.next_working(day + 1))

    def _edge(self, *, past: bool) -> int:
        years = self.published | self.presumed
        if not years:
            return date.fromordinal(self._base).year
        return max(years) + 1 if past else min(years) - 1


def _since_midnight(moment: time) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * SECOND + moment.microsecond
