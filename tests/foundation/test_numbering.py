"""Numbers: without a gap, never twice, and a slip of the pen is noticed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection, transaction
from hypothesis import assume, given
from hypothesis import strategies as st

from yanzhen.foundation.models import Series
from yanzhen.foundation.numbering import ALPHABET, check_code, next_number, next_numbers, problem_with

T = TypeVar("T")
AT = datetime(2026, 11, 24, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
SHAPE = "格式应如 GD370102-20261124-00017-K"
SLIP = "校验位不符，可能有一位抄错"


def in_threads(count: int, work: Callable[[int], T]) -> list[T]:
    """Run `work` with 0, 1 ... each on a connection of its own as the web's role, all begun at the same moment."""
    start = threading.Barrier(count)
    results: dict[int, T] = {}

    def run(n: int) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"set role {settings.WEB_ROLE}; select set_config('yanzhen.reach', '{{*:}}', false)"
                )
            start.wait(30)
            results[n] = work(n)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[n] for n in range(count)]


def serial(number: str) -> int:
    return int(number.split("-")[2])


@pytest.mark.django_db
def test_a_series_counts_up_by_county_and_day():
    numbers = [next_number("GD370102", at=AT) for _ in range(2)]
    numbers.append(next_number("GD370103", at=AT))
    numbers.append(next_number("GD370102", at=AT + timedelta(days=1)))

    assert [number[:-2] for number in numbers] == [
        "GD370102-20261124-00001",
        "GD370102-20261124-00002",
        "GD370103-20261124-00001",
        "GD370102-20261125-00001",
    ]
    assert [problem_with(number) for number in numbers] == [None] * 4


@pytest.mark.django_db
def test_the_day_is_that_of_shanghai():
    evening = datetime(2026, 11, 24, 16, 30, tzinfo=ZoneInfo("UTC"))

    assert next_number("GD370102", at=evening).split("-")[1] == "20261125"


@pytest.mark.django_db
def test_many_numbers_take_one_statement_and_follow_on(django_assert_num_queries):
    first = next_number("GD370102", at=AT)

    with django_assert_num_queries(1):
        many = next_numbers("GD370102", 500, at=AT)

    assert [serial(number) for number in [first, *many]] == list(range(1, 502))


@pytest.mark.django_db
def test_a_series_goes_on_past_five_digits():
    Series.objects.create(code="GD370102-20261124", last=99_999)

    number = next_number("GD370102", at=AT)

    assert (serial(number), problem_with(number)) == (100_000, None)


@pytest.mark.django_db
def test_what_was_rolled_back_is_given_to_the_next():
    with transaction.atomic():
        lost = next_number("GD370102", at=AT)
        transaction.set_rollback(True)

    assert next_number("GD370102", at=AT) == lost


@pytest.mark.django_db(transaction=True)
def test_eight_writers_some_of_whom_fail_leave_no_gap_and_no_double():
    def work(n: int) -> list[int]:
        kept = []
        for round_ in range(25):
            with transaction.atomic():
                taken = [serial(number) for number in next_numbers("GD370102", 1 + (n + round_) % 3, at=AT)]
                if (n * 7 + round_) % 4 == 0:
                    transaction.set_rollback(True)
                else:
                    kept += taken
        return kept

    kept = [number for numbers in in_threads(8, work) for number in numbers]

    assert sorted(kept) == list(range(1, len(kept) + 1))
    assert len(kept) > 200
    assert Series.objects.get().last == len(kept)


letters = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
characters = st.characters(codec="utf-8")


@pytest.mark.django_db
@given(
    prefix=st.tuples(letters, letters, st.integers(0, 999_999)),
    last=st.integers(0, 10**7),
    day=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    data=st.data(),
)
def test_one_wrong_character_is_always_caught(prefix, last, day, data):
    with transaction.atomic():
        series = f"{prefix[0]}{prefix[1]}{prefix[2]:06}"
        at = datetime.combine(day, time(12), AT.tzinfo)
        Series.objects.create(code=f"{series}-{day:%Y%m%d}", last=last)
        number = next_number(series, at=at)
        transaction.set_rollback(True)
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-") | characters)
    assume(wrong != number[place])

    assert problem_with(number) is None
    assert problem_with(number[:place] + wrong + number[place + 1 :]) in {SHAPE, SLIP}


@given(text=st.text())
def test_whatever_is_typed_gets_an_answer(text):
    assert problem_with(text) in {None, SHAPE, SLIP}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GD370102",
        "GD370102-20261124-17-K",
        "gd370102-20261124-00017-K",
        "GD\uff13\uff17\uff10\uff11\uff10\uff12-20261124-00017-K",
        " GD370102-20261124-00017-K",
    ],
)
def test_another_shape_is_told_what_the_shape_is(text):
    assert problem_with(text) == SHAPE


def test_a_check_code_has_eight_characters_that_nobody_mixes_up():
    codes = {check_code() for _ in range(300)}

    assert len(codes) == 300
    assert {len(code) for code in codes} == {9}
    assert {code[4] for code in codes} == {"-"}
    assert set("".join(codes)) - {"-"} == set(ALPHABET)
    assert not set(ALPHABET) & set("01ILO")
