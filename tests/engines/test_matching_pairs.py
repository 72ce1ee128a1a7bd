from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from yanzhen.engines.matching.pairs import Offers, Unserved, Why, pair


@st.composite
def offers(draw) -> Offers:
    n, m = draw(st.integers(0, 6)), draw(st.integers(0, 5))
    cells = sorted(draw(st.sets(st.integers(0, max(n * m - 1, 0)), max_size=n * m))) if n * m else []
    misfits = draw(st.lists(st.integers(0, 9), min_size=len(cells), max_size=len(cells)))
    places = draw(st.lists(st.integers(0, 2), min_size=m, max_size=m))
    rows, columns = np.divmod(np.array(cells, np.int64), max(m, 1))
    return Offers(
        np.arange(n) + 10, np.arange(m) + 60, np.array(places, np.int64), (rows + 10, columns + 60), np.array(misfits, np.int64)
    )  # fmt: skip


def least(offers: Offers, unserved: int) -> int:
    """Return the least price by the Hungarian method, each place a column of its own."""
    n = len(offers.seekers)
    costs = np.full((n, int(offers.places.sum()) + n), 10**6)
    costs[:, costs.shape[1] - n :] = unserved
    starts = np.cumsum(offers.places) - offers.places
    for seeker, holder, misfit in zip(*offers.pairs, offers.misfits, strict=True):
        at = holder - 60
        costs[seeker - 10, starts[at] : starts[at] + offers.places[at]] = misfit
    rows, columns = linear_sum_assignment(costs)
    return int(costs[rows, columns].sum())


@settings(deadline=None, max_examples=150)
@given(offers(), st.integers(0, 12))
def test_a_pairing_has_the_least_price_and_keeps_the_places(offered, unserved):
    found = pair(offered, unserved=unserved, seed=1)

    assert found.price == least(offered, unserved)
    assert (np.bincount(found.holders - 60, minlength=len(offered.places)) <= offered.places).all()
    assert sorted([*found.seekers.tolist(), *(u.seeker for u in found.unserved)]) == offered.seekers.tolist()
    possible = {*zip(*(side.tolist() for side in offered.pairs), strict=True)}
    assert {*zip(found.seekers.tolist(), found.holders.tolist(), strict=True)} <= possible


@settings(deadline=None, max_examples=60)
@given(offers(), st.integers(0, 99))
def test_the_order_of_rows_decides_nothing(offered, seed):
    dice = np.random.default_rng(seed)
    seekers, holders, pairs = (
        dice.permutation(len(x)) for x in (offered.seekers, offered.holders, offered.misfits)
    )
    turned = Offers(
        offered.seekers[seekers], offered.holders[holders], offered.places[holders],
        (offered.pairs[0][pairs], offered.pairs[1][pairs]), offered.misfits[pairs],
    )  # fmt: skip

    one, other = pair(offered, unserved=20, seed=2), pair(turned, unserved=20, seed=2)

    assert (one.seekers.tolist(), one.holders.tolist(), one.unserved, one.stamp) == (
        other.seekers.tolist(), other.holders.tolist(), other.unserved, other.stamp,
    )  # fmt: skip


def test_who_is_left_without_reads_why():
    offered = Offers(
        np.array([1, 2, 3, 4]), np.array([7, 8]), np.array([1, 1]),
        (np.array([1, 2, 4]), np.array([7, 7, 8])), np.array([1, 2, 50]),
    )  # fmt: skip

    found = pair(offered, unserved=20, seed=1)

    assert found.unserved == (
        Unserved(2, Why.FULL, offered=1, room=0),
        Unserved(3, Why.NO_CANDIDATE, offered=0, room=0),
        Unserved(4, Why.TOO_FAR, offered=1, room=1),
    )


def test_among_equals_the_seed_decides_and_not_the_key():
    offered = Offers(
        np.arange(8), np.array([7]), np.array([1]), (np.arange(8), np.full(8, 7)), np.zeros(8, np.int64)
    )

    assert len({pair(offered, unserved=9, seed=seed).seekers[0] for seed in range(20)}) > 3


@pytest.mark.parametrize(
    ("pairs", "word"),
    [
        ((np.array([9]), np.array([7])), "not here"),
        ((np.array([1, 1]), np.array([7, 7])), "pair is there twice"),
    ],
)
def test_pairs_of_strangers_and_doubles_are_refused(pairs, word):
    offered = Offers(np.array([1]), np.array([7]), np.array([1]), pairs, np.zeros(len(pairs[0]), np.int64))

    with pytest.raises(ValueError, match=word):
        pair(offered, unserved=1, seed=1)
