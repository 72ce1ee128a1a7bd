"""From a start and a span to a deadline, with the derivation. Sources: docs/rules/calendar.md."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from yanzhen.foundation.calendar.days import MIDNIGHT, SECOND, Calendar
from yanzhen.foundation.calendar.spans import BY_DAY, LABELS, Deadline, Span, Step, Unit

Pauses = Sequence[tuple[date, date]]
"""Pairs (first day paused, first day counted again)."""
Ordinals = list[tuple[int, int]]
Steps = list[Step]


def end_of(
    start: datetime, span: Span, *, calendar: Calendar, extension: int = 0, pauses: Pauses = ()
) -> Deadline:
    """Return the end of a term of `span` that begins at `start`.

    `extension` is in the unit of the span and counts on from it. Days of `pauses` do not count. Raises
    CalendarMissing where a day that matters lies in a year that the calendar does not hold.
    """
    if start.tzinfo is None:
        raise ValueError("a term starts at an aware time")
    local = start.astimezone(calendar.zone)
    whole = span.of(span.amount + extension) if extension else span
    unit = LABELS[span.unit]
    by_day = span.unit in BY_DAY
    steps = [
        Step("from_day" if by_day else "from_time", local),
        Step("count", amount=whole.amount, unit=unit),
    ]
    if extension:
        steps.append(Step("extension", amount=extension, unit=unit))
    stretches = _in_order(pauses) if pauses else []
    if by_day:
        return _by_day(local, whole, calendar, stretches, steps)
    return _by_time(local, whole, calendar, stretches, steps)


def warning_at(due_at: datetime, before: Span, calendar: Calendar) -> datetime:
    """Return when only `before` is left of a term that ends at `due_at`.

    In days: offices' opening on the day on which, itself counted, that many days are left; so one working day before
    the end of a Friday is Friday's opening. In hours: to the minute.
    """
    due = due_at.astimezone(calendar.zone)
    if before.unit == Unit.HOURS:
        return due - _time(before.amount)
    if before.unit == Unit.WORKING_HOURS:
        return calendar.when(calendar.worked_by(due) - _microseconds(before.amount))
    day = due.toordinal()
    amount = int(before.amount)
    if before.unit == Unit.WORKING_DAYS:
        day = calendar.last_working(day)
        if due <= calendar.opening(day):
            day = calendar.last_working(day - 1)
        return calendar.opening(calendar.nth(calendar.rank(day) - max(amount - 1, 0)))
    if before.unit == Unit.MONTHS:
        return calendar.opening(_months_on(due.date(), -amount))
    return calendar.opening(day - max(amount - 1, 0))


def _by_day(start: datetime, span: Span, calendar: Calendar, pauses: Ordinals, steps: Steps) -> Deadline:
    first = start.toordinal()
    nominal = LAST_DAY[span.unit](start.date(), int(span.amount), calendar, pauses, steps)
    last = _moved(nominal, calendar, pauses, steps) if span.moves else nominal
    firm_from = first if span.unit == Unit.WORKING_DAYS else nominal
    open_year = calendar.unpublished(firm_from, last) if _needs_calendar(span) else None
    if span.to_close and calendar.next_working(last) == last:
        due = calendar.closing(last)
        steps.append(Step("end", until=due))
    else:
        due = calendar.at(last, MIDNIGHT)
        steps.append(Step("midnight", until=due))
    return _deadline(due, open_year, steps)


def _by_time(start: datetime, span: Span, calendar: Calendar, pauses: Ordinals, steps: Steps) -> Deadline:
    if span.unit == Unit.HOURS:
        due = _after_hours(start, span, calendar, pauses, steps)
        open_year = None
    else:
        due = _after_working_hours(start, span, calendar, pauses, steps)
        open_year = calendar.unpublished(start.toordinal(), due.toordinal())
    steps.append(Step("end", until=due))
    return _deadline(due, open_year, steps)


def _deadline(due: datetime, open_year: int | None, steps: Steps) -> Deadline:
    if open_year is not None:
        steps.append(Step("provisional", amount=open_year))
    return Deadline(due, open_year is not None, tuple(steps))


def _needs_calendar(span: Span) -> bool:
    return span.moves or span.to_close or span.unit == Unit.WORKING_DAYS


def _working_days(start: date, amount: int, calendar: Calendar, pauses: Ordinals, steps: Steps) -> int:
    first = start.toordinal()
    before = calendar.rank(first)
    if amount == 0:
        return calendar.next_working(first)
    target = before + amount
    for since, until in _after(first + 1, pauses):
        done = calendar.rank(since - 1)
        if done >= target:
            break
        lost = calendar.rank(until - 1) - done
        target += lost
        steps.append(_pause(since, until, lost, Unit.WORKING_DAYS))
    last = calendar.nth(target)
    if rest := last - first - (target - before):
        steps.append(Step("rest", date.fromordinal(first + 1), date.fromordinal(last), rest))
    return last


def _calendar_days(start: date, amount: int, calendar: Calendar, pauses: Ordinals, steps: Steps) -> int:
    return _stretched(start.toordinal(), start.toordinal() + amount, pauses, steps)


def _months(start: date, amount: int, calendar: Calendar, pauses: Ordinals, steps: Steps) -> int:
    """The same day of the month in which the term ends, or that month's last day (Civil Code art. 202)."""
    return _stretched(start.toordinal(), _months_on(start, amount), pauses, steps)


LAST_DAY: dict[str, Callable[[date, int, Calendar, Ordinals, Steps], int]] = {
    Unit.WORKING_DAYS: _working_days,
    Unit.CALENDAR_DAYS: _calendar_days,
    Unit.MONTHS: _months,
}


def _stretched(first: int, last: int, pauses: Ordinals, steps: Steps) -> int:
    for since, until in _after(first + 1, pauses):
        if since > last:
            break
        last += until - since
        steps.append(_pause(since, until, until - since, Unit.CALENDAR_DAYS))
    return last


def _moved(last: int, calendar: Calendar, pauses: Ordinals, steps: Steps) -> int:
    """Return the first day from `last` on that is worked and not paused (Civil Code art. 203)."""
    day = calendar.next_working(last)
    for since, until in pauses:
        if since <= day < until:
            day = calendar.next_working(until)
    if day != last:
        steps.append(Step("moved", date.fromordinal(last), date.fromordinal(day)))
    return day


def _after_hours(start: datetime, span: Span, calendar: Calendar, pauses: Ordinals, steps: Steps) -> datetime:
    due = start + _time(span.amount)
    for first, until in pauses:
        since, back = max(calendar.at(first, 0), start), calendar.at(until, 0)
        if since >= due:
            break
        if back > since:
            due += back - since
            steps.append(_pause(first, until, (back - since) // timedelta(hours=1), Unit.HOURS))
    return due


def _after_working_hours(
    start: datetime, span: Span, calendar: Calendar, pauses: Ordinals, steps: Steps
) -> datetime:
    if span.amount == 0:
        return start
    begun = calendar.worked_by(start)
    target = begun + _microseconds(span.amount)
    for first, until in pauses:
        # Only working time is lost in a pause: nights, weekends and lunch are out of the count already.
        since, back = (
            max(calendar.worked_by(calendar.at(first, 0)), begun),
            calendar.worked_by(calendar.at(until, 0)),
        )
        if since >= target:
            break
        if back > since:
            target += back - since
            steps.append(_pause(first, until, Decimal(back - since) / SECOND / 3600, Unit.WORKING_HOURS))
    return calendar.when(target)


def _in_order(pauses: Pauses) -> Ordinals:
    """Return the pauses as ordinals, sorted, those that touch joined, empty ones left out."""
    joined: Ordinals = []
    for since, until in sorted((a.toordinal(), b.toordinal()) for a, b in pauses):
        if since > until:
            raise ValueError("a pause ends before it begins")
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        elif since < until:
            joined.append((since, until))
    return joined


def _after(first: int, pauses: Ordinals) -> Ordinals:
    return [(max(since, first), until) for since, until in pauses if until > first]


def _pause(since: int, until: int, lost: Decimal | int, unit: Unit) -> Step:
    return Step("pause", date.fromordinal(since), date.fromordinal(until), lost, LABELS[unit])


def _months_on(day: date, months: int) -> int:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1])).toordinal()


def _microseconds(hours: Decimal | int) -> int:
    return int(hours * 3600 * SECOND)


def _time(hours: Decimal | int) -> timedelta:
    return timedelta(microseconds=_microseconds(hours))
