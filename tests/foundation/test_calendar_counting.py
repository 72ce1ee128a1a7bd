"""Terms of the law, counted by hand from the notices for 2025 and 2026."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.foundation.calendar_days import CALENDAR, at, calendar, day
from yanzhen.foundation.calendar import Span, Unit, end_of, remaining, remaining_text, warning_at

WORKING_DAYS, CALENDAR_DAYS, MONTHS = Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS


@pytest.mark.parametrize(
    ("start", "span", "last"),
    [
        # Hotline: 15 working days over Mid-Autumn (25 to 27 September) and National Day (1 to 7 October) of 2026;
        # 20 September and 10 October are worked.
        ("2026-09-18 09:00", Span(15, WORKING_DAYS), "2026-10-15"),
        # LDMA art. 43: 45 days from acceptance; the last day is a Saturday, the first day after it is Monday.
        ("2026-03-04 09:00", Span(45, CALENDAR_DAYS), "2026-04-20"),
        # LDMA art. 43: 60 with the extension, into the Labour Day holiday of 1 to 5 May.
        ("2026-03-04 09:00", Span(60, CALENDAR_DAYS), "2026-05-06"),
        # LDMA art. 48: 15 days to sue; the end falls into the Spring Festival (15 to 23 February).
        ("2026-02-02 09:00", Span(15, CALENDAR_DAYS), "2026-02-24"),
        # The last day is a Saturday that is worked: it does not move.
        ("2026-02-07 09:00", Span(7, CALENDAR_DAYS), "2026-02-14"),
        # LDMA art. 27: a year from knowing.
        ("2025-03-14 09:00", Span(12, MONTHS), "2026-03-16"),
        # Civil Code art. 202: no 31st, no 29th: the month's last day (here a Saturday that is worked).
        ("2026-01-31 09:00", Span(1, MONTHS), "2026-02-28"),
        ("2024-02-29 09:00", Span(12, MONTHS), "2025-02-28"),
        # SDLSI art. 18: 60 working days of inspection; counted from the eve of the Spring Festival of 2025.
        ("2025-01-27 09:00", Span(60, WORKING_DAYS), "2025-04-28"),
    ],
)
def test_terms_of_the_law_end_on_the_day_the_law_says(start, span, last):
    deadline = end_of(at(start), span, calendar=CALENDAR)

    assert deadline.due_at == at(f"{last} 23:59:59.999999")
    assert not deadline.provisional


def test_an_extension_counts_on_from_the_term():
    deadline = end_of(at("2026-03-04 09:00"), Span(45, CALENDAR_DAYS), calendar=CALENDAR, extension=15)

    assert (
        deadline.due_at == end_of(at("2026-03-04 09:00"), Span(60, CALENDAR_DAYS), calendar=CALENDAR).due_at
    )


def test_a_term_may_be_told_not_to_move_and_to_end_at_the_close_of_business():
    start = at("2026-03-04 09:00")

    stays = end_of(start, Span(45, CALENDAR_DAYS, moves=False), calendar=CALENDAR)
    closes = end_of(start, Span(45, CALENDAR_DAYS, to_close=True), calendar=CALENDAR)

    assert stays.due_at == at("2026-04-18 23:59:59.999999")
    assert closes.due_at == at("2026-04-20 17:30")


def test_the_day_is_the_local_day():
    late_in_london = at("2026-03-02 07:30").astimezone(tz=None)

    assert end_of(late_in_london, Span(1, WORKING_DAYS), calendar=CALENDAR).due_at.date() == day("2026-03-03")


def test_a_pause_takes_its_working_days_out_and_touching_pauses_are_one():
    start = at("2026-03-02 09:00")
    one = [(day("2026-03-03"), day("2026-03-05")), (day("2026-03-05"), day("2026-03-07"))]

    paused = end_of(start, Span(5, WORKING_DAYS), calendar=CALENDAR, pauses=one)

    assert paused.due_at.date() == day("2026-03-13")
    assert paused == end_of(
        start, Span(5, WORKING_DAYS), calendar=CALENDAR, pauses=[(day("2026-03-03"), day("2026-03-07"))]
    )


def test_an_end_that_moves_does_not_stop_inside_a_pause():
    pause = [(day("2026-04-19"), day("2026-04-22"))]

    deadline = end_of(at("2026-03-04 09:00"), Span(45, CALENDAR_DAYS), calendar=CALENDAR, pauses=pause)

    assert deadline.due_at.date() == day("2026-04-22")


def test_every_step_is_told():
    deadline = end_of(
        at("2026-09-18 09:00"),
        Span(Decimal("15.0000"), WORKING_DAYS),
        calendar=CALENDAR,
        extension=7,
        pauses=[(day("2026-10-12"), day("2026-10-14"))],
    )

    assert [str(step) for step in deadline.steps] == [
        "2026-09-18 为开始当日，不计入，自次日起算",
        "计 22 工作日",
        "其中延长 7 工作日",
        "2026-10-12 起暂停，2026-10-14 恢复，扣除 2 工作日",
        "2026-09-19 至 2026-10-28 间的 16 个休息日不计入",
        "至 2026-10-28 24:00 届满",
    ]


def test_only_what_the_unpublished_year_can_move_is_provisional():
    def provisional(start, span):
        return end_of(at(start), span, calendar=CALENDAR).provisional

    assert not provisional("2026-12-21 09:00", Span(5, WORKING_DAYS))
    assert provisional(
        "2026-12-24 09:00", Span(3, WORKING_DAYS)
    )  # 29 December: the next notice may still reach it
    assert provisional("2026-12-28 09:00", Span(5, WORKING_DAYS))
    assert not provisional("2026-12-28 09:00", Span(240, Unit.HOURS))
    assert provisional("2026-12-28 09:00", Span(40, Unit.WORKING_HOURS))
    assert provisional("2026-03-04 09:00", Span(12, MONTHS))
    assert not provisional("2026-03-04 09:00", Span(12, MONTHS, moves=False))


def test_the_next_years_notice_makes_the_last_days_firm():
    firm = (
        calendar(published=(2024, 2025), presumed=(2026,)),
        calendar(published=(2024, 2025, 2026), presumed=()),
    )
    start, span = at("2025-12-26 09:00"), Span(2, WORKING_DAYS)

    assert [end_of(start, span, calendar=c).provisional for c in firm] == [True, False]


def test_a_year_between_two_known_ones_is_missed():
    with_a_gap = calendar(published=(2024, 2026), presumed=())

    with pytest.raises(Exception, match="2025"):
        end_of(at("2024-12-20 09:00"), Span(300, WORKING_DAYS), calendar=with_a_gap)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-02 09:00", 7, "2026-03-02 17:30"),
        ("2026-03-02 09:00", 8, "2026-03-03 10:00"),
        ("2026-03-02 12:30", 1, "2026-03-02 14:30"),
        ("2026-03-06 17:00", 1, "2026-03-09 09:30"),
        ("2026-03-07 10:00", Decimal("3.5"), "2026-03-09 14:00"),
        ("2026-03-02 06:00", 3, "2026-03-02 12:00"),
    ],
)
def test_working_hours_run_only_while_offices_are_open(start, hours, due):
    assert end_of(at(start), Span(hours, Unit.WORKING_HOURS), calendar=CALENDAR).due_at == at(due)


@pytest.mark.parametrize(
    ("due", "before", "warning"),
    [
        ("2026-03-06 23:59:59.999999", Span(1, WORKING_DAYS), "2026-03-06 09:00"),
        ("2026-03-09 23:59:59.999999", Span(2, WORKING_DAYS), "2026-03-06 09:00"),
        ("2026-03-08 10:00", Span(1, WORKING_DAYS), "2026-03-06 09:00"),  # a Sunday: Friday is what is left
        ("2026-03-09 08:00", Span(1, WORKING_DAYS), "2026-03-06 09:00"),
        ("2026-03-06 23:59:59.999999", Span(3, CALENDAR_DAYS), "2026-03-04 09:00"),
        ("2026-03-06 23:59:59.999999", Span(1, MONTHS), "2026-02-06 09:00"),
        ("2026-03-06 10:00", Span(2, Unit.HOURS), "2026-03-06 08:00"),
        ("2026-03-06 10:00", Span(2, Unit.WORKING_HOURS), "2026-03-05 16:30"),
    ],
)
def test_the_warning_comes_when_only_so_much_is_left(due, before, warning):
    assert warning_at(at(due), before, CALENDAR) == at(warning)


@pytest.mark.parametrize(
    ("now", "due", "text"),
    [
        ("2026-03-02 09:00", "2026-03-05 23:59:59.999999", "剩余 4 个工作日"),
        ("2026-03-02 15:30", "2026-03-05 23:59:59.999999", "剩余 3 个工作日 2 小时"),
        ("2026-03-05 16:50", "2026-03-05 23:59:59.999999", "剩余 40 分钟"),
        ("2026-03-05 20:00", "2026-03-05 23:59:59.999999", "剩余 3 小时（非工作时间）"),
        ("2026-03-06 08:00", "2026-03-05 23:59:59.999999", "已超期（未满 1 分钟工作时间）"),
        ("2026-03-06 11:00", "2026-03-05 23:59:59.999999", "已超期 2 小时"),
        ("2026-03-09 09:00", "2026-03-05 23:59:59.999999", "已超期 1 个工作日"),
    ],
)
def test_what_is_left_is_told_in_working_time(now, due, text):
    assert remaining_text(remaining(at(now), at(due), CALENDAR)) == text


def test_what_is_past_is_negative():
    late = remaining(at("2026-03-09 11:00"), at("2026-03-05 23:59:59.999999"), CALENDAR)

    assert (late.days, late.hours, late.overdue) == (-1, -2, True)
    assert late.working == timedelta(hours=-9)


def test_a_span_that_can_not_be_counted_is_refused():
    for amount, unit in ((-1, WORKING_DAYS), (Decimal("1.5"), WORKING_DAYS), (1, Unit.PERCENT)):
        with pytest.raises(ValueError, match=r"can not be counted|no unit of time"):
            Span(amount, unit)


def test_a_pause_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="ends before"):
        end_of(
            at("2026-03-02 09:00"),
            Span(1, WORKING_DAYS),
            calendar=CALENDAR,
            pauses=[(day("2026-03-04"), day("2026-03-03"))],
        )
