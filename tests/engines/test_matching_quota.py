from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanzhen.engines.matching.quota import Measure, Share, share_out

figures = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 40), min_size=1).filter(
    lambda f: sum(f.values()) > 0
)


def by_one(numbers) -> tuple[Measure, ...]:
    return (Measure("workers", Fraction(1), numbers),)


@given(figures, figures, st.integers(0, 100), st.integers(0, 100), st.integers(0, 200))
def test_cells_reserve_and_open_places_add_up_and_no_cell_strays_from_its_part(
    one, two, percent, reserve, more
):
    share = Fraction(percent, 100)
    measures = (Measure("workers", share, one), Measure("output", 1 - share, two))

    quota = share_out(reserve + more, measures, reserve=reserve)

    assert sum(s.places for s in quota.cells.values()) + quota.reserve + quota.open == reserve + more
    assert sum(s.exact for s in quota.cells.values()) == more
    assert all(floor(s.exact) <= s.places <= ceil(s.exact) for s in quota.cells.values())
    assert (quota.open > 0) == bool(quota.tied)
    assert quota.open < max(len(quota.tied), 1)


@given(figures, st.integers(0, 60), st.permutations("abcdefgh"))
def test_a_whole_order_leaves_nothing_open(numbers, total, order):
    quota = share_out(total, by_one(numbers), order=order)

    assert (quota.open, quota.tied) == (0, ())


@given(figures, st.integers(0, 60))
def test_names_and_their_order_decide_nothing(numbers, total):
    renamed = {chr(ord("z") - ord(cell) + ord("a")): figure for cell, figure in numbers.items()}

    one, other = share_out(total, by_one(numbers)), share_out(total, by_one(renamed))

    assert sorted(s.places for s in one.cells.values()) == sorted(s.places for s in other.cells.values())
    assert one.open == other.open


def test_places_go_to_the_largest_remainders():
    quota = share_out(10, by_one({"jinan": 43, "qingdao": 36, "zibo": 21}))

    assert quota.cells == {
        "jinan": Share(Fraction(43, 10), 4, by_remainder=False),
        "qingdao": Share(Fraction(36, 10), 4, by_remainder=True),
        "zibo": Share(Fraction(21, 10), 2, by_remainder=False),
    }


def test_equal_remainders_are_told_and_the_place_stays_open():
    quota = share_out(3, by_one({"jinan": 1, "zibo": 1}))

    assert (quota.open, quota.tied) == (1, ("jinan", "zibo"))


def test_a_declared_order_breaks_the_tie():
    quota = share_out(3, by_one({"jinan": 1, "zibo": 1}), order=("zibo", "jinan"))

    assert {cell: s.places for cell, s in quota.cells.items()} == {"jinan": 1, "zibo": 2}


@pytest.mark.parametrize(
    ("measures", "reserve", "word"),
    [
        ((Measure("workers", Fraction(1, 2), {"a": 1}),), 0, "add up to 1"),
        (by_one({"a": 0}), 0, "zero for all"),
        (by_one({"a": -1, "b": 3}), 0, "below zero"),
        (by_one({"a": 1}), 9, "reserve"),
    ],
)
def test_weights_that_make_no_sense_are_refused(measures, reserve, word):
    with pytest.raises(ValueError, match=word):
        share_out(5, measures, reserve=reserve)
