from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanzhen.domains.hotline.hotspots.chance import ceiling, expected, silence_chance, spread_of, surge_chance
from yanzhen.domains.hotline.hotspots.detect import Series, silences, surges

pasts = st.lists(st.integers(0, 60), min_size=8, max_size=30)
spreads = st.floats(1, 8)


@given(pasts, spreads, st.integers(0, 200))
def test_the_tails_of_a_count_make_up_one(past, spread, count):
    one = expected(past, spread)

    assert one.at_most(count) + one.at_least(count + 1) == pytest.approx(1)


@given(pasts, spreads, st.integers(0, 100))
def test_more_cases_are_never_more_likely(past, spread, count):
    assert surge_chance(count + 1, past, spread) <= surge_chance(count, past, spread) + 1e-12
    assert silence_chance(count, past, spread) <= silence_chance(count + 1, past, spread) + 1e-12


@given(pasts, spreads, st.sampled_from([0.05, 0.001, 1e-7]))
def test_the_ceiling_is_the_last_count_that_is_no_alarm(past, spread, chance):
    top = ceiling(past, spread, chance)

    assert surge_chance(top + 1, past, spread) <= chance
    assert top == 0 or surge_chance(top, past, spread) > chance


def test_without_more_spread_it_is_poisson_with_an_uncertain_mean():
    """Gamma-Poisson by hand: S + 1/2 = 10.5 cases in 10 periods."""
    r, q = 10.5, 1 / 11
    mass = [
        math.exp(math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1)) * (1 - q) ** r * q**k
        for k in range(4)
    ]

    assert expected([1] * 10, 1.0).at_most(3) == pytest.approx(sum(mass))


def test_a_rising_trend_is_no_surge_and_the_same_count_out_of_nowhere_is():
    rising = [n // 2 for n in range(26)]

    assert surge_chance(16, rising, 1.0) > 0.05
    assert surge_chance(16, [3] * 26, 1.0) < 1e-5


def test_spread_is_one_for_even_counts_and_grows_with_outbreaks():
    assert spread_of([[5] * 26]) == 1.0
    assert spread_of([[0] * 25 + [26]]) > 20


def poisson(dice: random.Random, mean: float) -> int:
    count, product, limit = 0, dice.random(), math.exp(-mean)
    while product > limit:
        count, product = count + 1, product * dice.random()
    return count


def stationary(dice: random.Random, values: int, shape: float | None) -> list[Series]:
    """Series that do not change: Poisson, or (with `shape`) with more spread; means from one in fifty to thirty."""
    found, serial = [], iter(range(10**9))
    for n in range(values):
        mean = 0.02 * 1500 ** dice.random()
        level = (lambda: dice.gammavariate(shape * mean, 1 / shape)) if shape else (lambda: mean)  # noqa: B023
        *past, now = (poisson(dice, level()) for _ in range(27))
        found.append(
            Series("employer", str(n), str(n), "37", tuple(past), frozenset(next(serial) for _ in range(now)))
        )
    return found


@pytest.mark.parametrize("shape", [None, 1.0], ids=["poisson", "twice the spread"])
def test_where_nothing_happens_alarms_are_not_more_than_stated(shape):
    """3,000 series that do not change, allowed seven times two false alarms of a dimension in each of two sweeps."""
    dice, allowed, found = random.Random(20261126), 0.0, 0  # noqa: S311  # a simulation
    for _ in range(2):
        series = stationary(dice, 1500, shape)
        found += len(surges(series, false_alarms=7 * 10, sweeps_a_week=1, least=1))
        found += len(silences(series, false_alarms=10, sweeps_a_week=1))
        allowed += 20

    assert found <= allowed + 2.33 * math.sqrt(allowed)


def test_a_surge_is_seen_among_thousands_at_one_false_alarm_a_week():
    dice = random.Random(7)  # noqa: S311  # a simulation
    quiet = stationary(dice, 1500, None)
    loud = Series("employer", "loud", "loud", "37", (0, 1, 0, 0, 2, 0, 1, 0) * 3, frozenset(range(-12, 0)))

    assert [s.series.value for s in surges([*quiet, loud], false_alarms=1, sweeps_a_week=7, least=3)] == [
        "loud"
    ]
