"""Who counts as not reached, and how a sample is drawn: pure rules."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanzhen.domains.hotline.closing.rules import (
    SLOTS,
    Outcome,
    Slot,
    Tried,
    drawn,
    sample_size,
    seed_of,
    slot_at,
    too_many_today,
    wanted_slots,
    what_is_missing,
)

DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 26, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
BOUNDS = [Decimal(hour) for hour in (8, 12, 18, 21)]
unanswered = st.sampled_from([Outcome.NO_ANSWER, Outcome.BUSY])
tries = st.lists(
    st.builds(
        Tried,
        day=st.dates(min_value=DAY, max_value=DAY + timedelta(days=3)),
        slot=st.sampled_from(list(Slot)),
        outcome=unanswered,
    ),
    max_size=8,
)


def tried(day: int, slot: str, outcome: str = Outcome.NO_ANSWER) -> Tried:
    return Tried(DAY + timedelta(days=day), slot, outcome)


@pytest.mark.parametrize(
    ("hour", "slot"),
    [
        ("7.99", Slot.OFF), ("8", Slot.MORNING), ("11.99", Slot.MORNING), ("12", Slot.AFTERNOON),
        ("18", Slot.EVENING), ("20.99", Slot.EVENING), ("21", Slot.OFF),
    ],
)  # fmt: skip
def test_a_part_of_the_day_includes_its_beginning_and_not_its_end(hour, slot):
    assert slot_at(Decimal(hour), BOUNDS) == slot


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([], "还须在上午或下午或晚间再拨 3 次"),
        ([tried(0, Slot.MORNING)], "还须换一天在下午或晚间再拨 2 次"),
        ([tried(0, Slot.MORNING), tried(1, Slot.MORNING)], "还须在下午或晚间再拨 1 次"),
        ([tried(0, Slot.MORNING)] * 3, "还须换一天在下午或晚间再拨 1 次"),
        ([tried(0, Slot.MORNING), tried(0, Slot.EVENING), tried(0, Slot.EVENING)], "还须换一天再拨 1 次"),
        ([tried(0, Slot.OFF), tried(1, Slot.OFF), tried(2, Slot.OFF)], "还须在上午或下午或晚间再拨 2 次"),
    ],
)
def test_what_is_missing_is_said(made, words):
    assert (what_is_missing(made, needed=3, now=NOW) or "").startswith(words)


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.WRONG])
def test_who_refuses_or_has_a_wrong_number_is_not_called_three_times(outcome):
    assert what_is_missing([tried(0, Slot.MORNING, outcome)], needed=3, now=NOW) is None


def test_who_was_reached_is_not_counted_as_not_reached():
    assert "已联系上" in (what_is_missing([tried(0, Slot.MORNING, Outcome.REACHED)], needed=1, now=NOW) or "")


def test_a_call_that_was_agreed_on_is_waited_for():
    agreed = Tried(DAY, Slot.MORNING, Outcome.LATER, NOW + timedelta(hours=2))
    enough = [tried(0, Slot.MORNING), tried(1, Slot.EVENING), agreed]

    assert what_is_missing(enough, needed=3, now=NOW) == "诉求人约定 11月26日 12:00 再联系，届时请回拨"
    assert what_is_missing(enough, needed=3, now=NOW + timedelta(hours=3)) is None


@given(tries, st.integers(1, 5))
def test_enough_is_enough_calls_in_two_parts_of_the_day_on_two_days(made, needed):
    enough = what_is_missing(made, needed=needed, now=NOW) is None

    kinds = min(needed, 2)
    slots, days = {t.slot for t in made} - {Slot.OFF}, {t.day for t in made}
    assert enough == (len(made) >= needed and len(slots) >= kinds and len(days) >= kinds)


@given(tries, st.integers(1, 5))
def test_whoever_does_what_is_said_is_done(made, needed):
    for step in range(needed + 3):
        words = what_is_missing(made, needed=needed, now=NOW)
        if words is None:
            break
        slot = next(
            s
            for s in SLOTS
            if s.label in words.partition("再拨")[0] or "在" not in words.partition("再拨")[0]
        )
        made = [*made, Tried(DAY + timedelta(days=10 + step), slot, Outcome.NO_ANSWER)]

    assert what_is_missing(made, needed=needed, now=NOW) is None


@given(tries, st.integers(1, 5), unanswered, st.sampled_from(list(Slot)))
def test_another_call_never_makes_it_less_than_enough(made, needed, outcome, slot):
    if what_is_missing(made, needed=needed, now=NOW) is None:
        more = [*made, Tried(DAY, slot, outcome)]

        assert what_is_missing(more, needed=needed, now=NOW) is None


@given(tries)
def test_some_part_of_the_day_is_always_wanted(made):
    used = {t.slot for t in made}

    assert wanted_slots(made)
    assert len(used - {Slot.OFF}) > 1 or not used & set(wanted_slots(made))


def test_nobody_is_called_more_often_than_allowed_in_a_day():
    twice = [tried(0, Slot.MORNING), tried(0, Slot.EVENING)]

    assert "每天至多 2 次" in (too_many_today(twice, day=DAY, most=2) or "")
    assert too_many_today(twice, day=DAY + timedelta(days=1), most=2) is None


def test_a_call_that_the_caller_asked_for_may_be_one_more():
    agreed = Tried(DAY, Slot.MORNING, Outcome.LATER, NOW.replace(day=23, hour=19))
    once, twice = [tried(0, Slot.MORNING), agreed], [tried(0, Slot.MORNING), agreed, tried(0, Slot.EVENING)]

    assert too_many_today(once, day=DAY, most=2) is None
    assert too_many_today(twice, day=DAY, most=2)


@given(st.integers(0, 10_000), st.decimals(0, 100, places=2))
def test_a_sample_has_one_where_there_is_any_and_never_less_than_the_percent(population, percent):
    size = sample_size(population, percent)

    assert min(population, 1) <= size <= population
    assert size * 100 >= population * percent


@given(st.sets(st.integers(1, 10**6), max_size=60), st.integers(0, 60), st.randoms(use_true_random=False))
def test_a_draw_is_the_same_in_whatever_order_the_cases_come(population, size, random):
    rows = list(population)
    random.shuffle(rows)

    found = drawn("seed", rows, size)

    assert found == drawn("seed", sorted(population), size)
    assert len(found) == min(size, len(population))
    assert set(found) <= population


def test_every_case_is_drawn_about_as_often_as_any_other():
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(4000)]
    counts = Counter(pk for day in days for pk in drawn(seed_of(day, "370100", b"x"), range(20), 2))

    expected = 4000 * 2 / 20
    chi_square = sum((counts[pk] - expected) ** 2 / expected for pk in range(20))
    assert chi_square < 43.8  # 19 degrees of freedom, one chance in a thousand; the seeds are fixed


def test_the_seed_depends_on_day_place_and_checkpoint():
    seeds = {
        seed_of(day, region, mark)
        for day in (DAY, DAY + timedelta(days=1))
        for region in ("370100", "370200")
        for mark in (b"a", b"b")
    }

    assert len(seeds) == 8
