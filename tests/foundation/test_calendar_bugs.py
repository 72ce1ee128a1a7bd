"""The ten calendar bugs seen in other products, each turned into a rule."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.foundation.calendar_days import CALENDAR, at, day
from yanzhen.foundation.calendar import (
    Calendar,
    CalendarMissing,
    Day,
    Span,
    Unit,
    end_of,
    load_calendar,
    load_year,
    on_year_loaded,
    remaining,
    remaining_text,
    seed,
)
from yanzhen.foundation.calendar.years import statutory_days

WEEK = [(day("2026-03-02"), day("2026-03-07"))]


@pytest.mark.parametrize(
    "unit", [Unit.HOURS, Unit.WORKING_HOURS, Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS]
)
def test_excluded_days_lengthen_and_never_shorten(unit):
    """django-helpdesk escalated after 1.2 days instead of 3 because two excluded days were taken off."""
    start, span = at("2026-03-02 10:00"), Span(3, unit)

    plain = end_of(start, span, calendar=CALENDAR)
    longer = end_of(start, span, calendar=CALENDAR, pauses=WEEK)

    assert longer.due_at > plain.due_at


def test_off_hours_inside_a_pause_are_not_counted_twice():
    """frappe/helpdesk#2449, glpi-project/glpi#10594."""
    monday_to_monday = [(day("2026-03-09"), day("2026-03-16"))]
    start = at("2026-03-06 16:30")  # a Friday, one working hour before closing

    hours = end_of(start, Span(3, Unit.WORKING_HOURS), calendar=CALENDAR, pauses=monday_to_monday)
    over_the_weekend = end_of(
        start, Span(3, Unit.WORKING_HOURS), calendar=CALENDAR, pauses=[(day("2026-03-07"), day("2026-03-09"))]
    )
    days = end_of(
        start, Span(2, Unit.WORKING_DAYS), calendar=CALENDAR, pauses=[(day("2026-03-06"), day("2026-03-16"))]
    )

    assert hours.due_at == at("2026-03-16 11:00")
    assert over_the_weekend.due_at == at("2026-03-09 11:00")
    assert days.due_at.date() == day("2026-03-17")


@pytest.mark.django_db
def test_a_changed_calendar_is_told_to_those_who_hold_open_clocks():
    """zammad/zammad#534: changing a calendar has to recompute what is open."""
    seed(today=day("2026-11-24"))
    start, span = at("2026-12-28 09:00"), Span(5, Unit.WORKING_DAYS)
    before = end_of(start, span, calendar=load_calendar())
    seen: list[int] = []
    on_year_loaded.append(seen.append)
    swapped = [Day(day("2027-01-04"), "off", "元旦"), Day(day("2027-01-02"), "work", "元旦")]

    try:
        load_year(2027, [*statutory_days(2027), *swapped], "放假安排的通知", status="published", actor=None)
    finally:
        on_year_loaded.remove(seen.append)
    after = end_of(start, span, calendar=load_calendar())

    assert seen == [2027]
    assert (before.due_at.date(), before.provisional) == (day("2027-01-05"), True)
    assert (after.due_at.date(), after.provisional) == (day("2027-01-05"), False)
    assert [str(s) for s in before.steps][-1] == "2027 年放假安排尚未公布，结果为暂定，公布后重算"


def test_round_the_clock_loses_no_minute_at_midnight():
    """zammad/zammad#3180."""
    start = at("2026-02-13 18:17")  # across midnight into the Spring Festival

    assert end_of(start, Span(24, Unit.HOURS), calendar=CALENDAR).due_at - start == timedelta(hours=24)
    assert end_of(start, Span(240, Unit.HOURS), calendar=CALENDAR).due_at - start == timedelta(hours=240)


def test_a_day_may_have_several_frames():
    """chatwoot/chatwoot#14009: 11:00 to 12:00 and 13:30 to 14:30 make two hours."""
    due = end_of(at("2026-03-02 11:00"), Span(2, Unit.WORKING_HOURS), calendar=CALENDAR).due_at

    assert due == at("2026-03-02 14:30")


def test_no_calendar_is_a_refusal_and_does_not_hang():
    """OCA/project#73 looked for the next working day for ever."""
    for span in (Span(1, Unit.WORKING_DAYS), Span(1, Unit.WORKING_HOURS), Span(1, Unit.CALENDAR_DAYS)):
        with pytest.raises(CalendarMissing):
            end_of(at("2026-03-02 11:00"), span, calendar=Calendar())

    unmoved = Span(1, Unit.CALENDAR_DAYS, moves=False)
    assert end_of(at("2026-03-02 11:00"), unmoved, calendar=Calendar()).due_at.date() == day("2026-03-03")
    with pytest.raises(CalendarMissing, match="2029"):
        end_of(at("2028-12-29 11:00"), Span(5, Unit.WORKING_DAYS), calendar=CALENDAR)


def test_the_last_day_runs_to_its_end_and_not_to_its_beginning():
    """island-is/island.is#23287; Civil Code art. 203: 24:00."""
    due = end_of(at("2026-03-02 11:00"), Span(3, Unit.WORKING_DAYS), calendar=CALENDAR).due_at

    assert due == at("2026-03-05 23:59:59.999999")
    assert due.date() == day("2026-03-05")
    assert not remaining(at("2026-03-05 23:59"), due, CALENDAR).overdue
    assert remaining(at("2026-03-06 00:00"), due, CALENDAR).overdue


def test_notices_wait_for_duty_hours_unless_urgent():
    """zammad/zammad#4432: escalation mail at midnight."""
    midnight = at("2026-02-14 23:00")  # a Saturday that is worked; the festival follows until the 23rd

    assert CALENDAR.duty_time(midnight) == at("2026-02-24 09:00")
    assert CALENDAR.duty_time(midnight, urgent=True) == midnight
    assert CALENDAR.duty_time(at("2026-02-14 12:30")) == at("2026-02-14 13:30")
    assert CALENDAR.duty_time(at("2026-02-14 10:00")) == at("2026-02-14 10:00")
    assert CALENDAR.duty_time(at("2026-03-02 07:00")) == at("2026-03-02 09:00")


def test_late_events_do_not_move_what_is_finished():
    """A pause that begins after the end changes nothing, and nothing is kept between two counts."""
    start, span = at("2026-03-02 11:00"), Span(3, Unit.WORKING_DAYS)
    late = [(day("2026-03-06"), day("2026-03-20"))]

    for unit in (Unit.HOURS, Unit.WORKING_HOURS, Unit.WORKING_DAYS, Unit.CALENDAR_DAYS):
        span = Span(3, unit)
        assert end_of(start, span, calendar=CALENDAR, pauses=late) == end_of(start, span, calendar=CALENDAR)


def test_make_up_saturdays_count_and_statutory_holidays_do_not():
    due = end_of(at("2026-09-18 10:00"), Span(2, Unit.WORKING_DAYS), calendar=CALENDAR)
    over_the_holiday = end_of(at("2026-09-30 10:00"), Span(3, Unit.WORKING_DAYS), calendar=CALENDAR)

    assert due.due_at.date() == day("2026-09-21")  # Sunday the 20th is worked
    assert over_the_holiday.due_at.date() == day(
        "2026-10-10"
    )  # the 8th, the 9th, Saturday the 10th is worked
    assert (
        remaining_text(remaining(at("2026-10-09 09:00"), over_the_holiday.due_at, CALENDAR))
        == "剩余 2 个工作日"
    )
