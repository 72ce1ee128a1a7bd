"""What holds for every term: compared with a count that goes day by day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.foundation.calendar_days import CALENDAR
from yanzhen.foundation.calendar import Span, Unit, end_of, remaining
from yanzhen.foundation.calendar.days import SHANGHAI

days = st.dates(date(2024, 1, 1), date(2027, 3, 1))
starts = st.builds(
    lambda day, minute: datetime.combine(day, time(), tzinfo=SHANGHAI) + timedelta(minutes=minute),
    days,
    st.integers(0, 24 * 60 - 1),
)
amounts = st.integers(0, 60)
pauses = st.lists(
    st.tuples(days, st.integers(0, 40)).map(lambda p: (p[0], p[0] + timedelta(days=p[1]))), max_size=3
)
spans = st.builds(Span, amounts, st.sampled_from([u for u in Unit if u in
    (Unit.HOURS, Unit.WORKING_HOURS, Unit.WORKING_DAYS, Unit.CALENDAR_DAYS)]))  # fmt: skip


def paused(day: date, stretches: list[tuple[date, date]]) -> bool:
    return any(since <= day < until for since, until in stretches)


@given(start=starts, amount=st.integers(1, 60), stretches=pauses)
def test_working_days_agree_with_a_count_day_by_day(start, amount, stretches):
    last = start.date()
    left = amount
    while left:
        last += timedelta(days=1)
        left -= CALENDAR.is_working(last) and not paused(last, stretches)

    assert (
        end_of(start, Span(amount, Unit.WORKING_DAYS), calendar=CALENDAR, pauses=stretches).due_at.date()
        == last
    )


@given(start=starts, amount=st.integers(1, 60), stretches=pauses)
def test_calendar_days_agree_with_a_count_day_by_day(start, amount, stretches):
    last = start.date()
    left = amount
    while left:
        last += timedelta(days=1)
        left -= not paused(last, stretches)
    while not CALENDAR.is_working(last) or paused(last, stretches):
        last += timedelta(days=1)

    assert (
        end_of(start, Span(amount, Unit.CALENDAR_DAYS), calendar=CALENDAR, pauses=stretches).due_at.date()
        == last
    )


@settings(max_examples=50)
@given(start=starts, minutes=st.integers(1, 900), stretches=pauses)
def test_working_hours_agree_with_a_count_minute_by_minute(start, minutes, stretches):
    now, left = start, minutes
    while left:
        if paused(now.date(), stretches) or not CALENDAR.is_working(now.date()):
            now = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=SHANGHAI)
            continue
        left -= CALENDAR.is_open(now)
        now += timedelta(minutes=1)
    hours = Span(1, Unit.WORKING_HOURS).of(minutes / 60 if minutes % 60 else minutes // 60)

    due = end_of(start, hours, calendar=CALENDAR, pauses=stretches).due_at

    assert abs(due - now) < timedelta(seconds=1)


@given(start=starts, span=spans, more=st.integers(0, 10), stretches=pauses)
def test_more_time_never_ends_earlier(start, span, more, stretches):
    shorter = end_of(start, span, calendar=CALENDAR, pauses=stretches).due_at
    longer = end_of(start, span, calendar=CALENDAR, pauses=stretches, extension=more).due_at

    assert start <= shorter <= longer


@given(start=starts, later=st.integers(0, 3000), span=spans)
def test_a_later_start_never_ends_earlier(start, later, span):
    first = end_of(start, span, calendar=CALENDAR).due_at
    second = end_of(start + timedelta(minutes=later), span, calendar=CALENDAR).due_at

    assert first <= second


@given(start=starts, span=spans, stretches=pauses)
def test_a_pause_never_shortens(start, span, stretches):
    plain = end_of(start, span, calendar=CALENDAR).due_at

    assert end_of(start, span, calendar=CALENDAR, pauses=stretches).due_at >= plain


@given(
    start=starts,
    amount=st.integers(0, 12),
    unit=st.sampled_from([Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS]),
)
def test_an_end_that_moves_is_never_a_day_of_rest(start, amount, unit):
    assert CALENDAR.is_working(end_of(start, Span(amount, unit), calendar=CALENDAR).due_at.date())


@given(start=starts, hours=st.integers(1, 200))
def test_what_is_left_at_the_start_is_what_was_given(start, hours):
    due = end_of(start, Span(hours, Unit.WORKING_HOURS), calendar=CALENDAR).due_at

    assert remaining(start, due, CALENDAR).working == timedelta(hours=hours)
