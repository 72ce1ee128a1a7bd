from __future__ import annotations

import hashlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanzhen.engines.programmes.scoring.ties import By, Chain, Cut, End, Place, Standing, Step, cut, rank
from yanzhen.foundation.errors import DeclarationError, Invalid

D = Decimal
EVERY = (Step(By.ASPECT, "skill"), Step(By.DISPERSION), Step(By.EARLIER), Step(By.RAW))


def standing(application: int, score: str | None = "80", **more) -> Standing:
    return Standing(application, None if score is None else D(score), **more)


def ranks(standings, chain: Chain) -> dict[int, int]:
    return {a: place.rank for a, place in rank(standings, chain).items()}


def test_a_shared_place_takes_up_as_many_places_as_share_it():
    found = rank([standing(9, "90"), standing(3), standing(2), standing(1, "70")], Chain())

    assert found == {9: Place(1, 1), 2: Place(2, 2), 3: Place(2, 2), 1: Place(4, 1)}


def test_a_score_is_rounded_once_half_up():
    found = [standing(1, "84.9949"), standing(2, "84.995"), standing(3, "85.00499999")]

    assert ranks(found, Chain(2)) == {2: 1, 3: 1, 1: 3}


def test_each_step_decides_only_what_the_ones_before_left_open():
    found = [
        standing(1, aspects={"skill": D(70)}, dispersion=D(9)),
        standing(2, aspects={"skill": D(60)}, dispersion=D(1)),
        standing(3, aspects={"skill": D(60)}, dispersion=D(2), earlier=D(99)),
        standing(4, aspects={"skill": D(60)}, dispersion=D(2), earlier=D(98)),
        standing(5, aspects={"skill": D(60)}, dispersion=D(2), earlier=D(98), raw=D(81)),
    ]

    assert ranks(found, Chain(steps=EVERY)) == {1: 1, 2: 2, 3: 3, 5: 4, 4: 5}


@pytest.mark.parametrize("step", EVERY, ids=lambda step: step.by.value)
def test_not_applicable_stands_behind_the_worst_number(step):
    unknown = standing(1, aspects={"skill": None})
    worst = standing(2, aspects={"skill": D(0)}, dispersion=D(99), earlier=D(0), raw=D(0))

    assert ranks([unknown, worst], Chain(steps=(step,))) == {2: 1, 1: 2}


def test_a_lot_is_drawn_by_a_seed_that_anybody_can_check():
    chain = Chain(end=End.LOT, seed="2026-11-26 沪深300收盘 4567.89")
    drawn = sorted((1, 2, 3), key=lambda a: hashlib.sha256(f"{chain.seed}:{a}".encode()).hexdigest())

    assert ranks([standing(a) for a in (1, 2, 3)], chain) == {a: i for i, a in enumerate(drawn, 1)}


def test_those_who_share_the_last_free_place_are_left_to_somebody_who_decides():
    places = rank([standing(1, "90"), standing(2), standing(3), standing(4, "70")], Chain())

    assert cut(places, 1) == Cut(frozenset({1}), frozenset(), 0)
    assert cut(places, 2) == Cut(frozenset({1}), frozenset({2, 3}), 1)
    assert cut(places, 3) == Cut(frozenset({1, 2, 3}), frozenset(), 0)


def test_a_chain_survives_its_stored_form():
    chain = Chain(3, EVERY, End.LOT, "种子")

    assert Chain.from_json(chain.to_json()) == chain


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "字段不对"),
        ({"surname": 1}, "字段不对"),
        ({"decimals": 7}, "0 至 6"),
        ({"decimals": True}, "类型不对"),
        ({"end": ["lot"]}, "类型不对"),
        ({"end": "lot"}, "事先公布种子"),
        ({"seed": "x"}, "事先公布种子"),
        ({"steps": [{"by": "surname"}]}, "读不懂"),
        ({"steps": [{"by": "aspect"}]}, "须写明评分项"),
        ({"steps": [{"by": "raw"}, {"by": "raw"}]}, "重复"),
    ],
)
def test_a_chain_that_says_nothing_sensible_is_refused_with_a_sentence(data, words):
    with pytest.raises(Invalid) as refused:
        Chain.from_json(data)
    assert words in refused.value.message


def test_a_broken_chain_fails_at_import():
    with pytest.raises(DeclarationError):
        Chain(decimals=-1)


numbers = st.one_of(st.none(), st.integers(0, 40).map(lambda n: D(n) / 4))
standings = st.lists(
    st.builds(
        Standing,
        application=st.integers(1, 40),
        score=numbers,
        raw=numbers,
        dispersion=numbers,
        earlier=numbers,
        aspects=st.fixed_dictionaries({"skill": numbers}),
    ),
    unique_by=lambda each: each.application,
)


@given(standings, st.permutations(EVERY), st.integers(0, 2), st.randoms(use_true_random=False))
def test_neither_the_order_nor_a_missing_number_lifts_anybody(found, steps, decimals, chance):
    chain = Chain(decimals, tuple(steps))
    shuffled = list(found)
    chance.shuffle(shuffled)

    places = rank(found, chain)

    assert rank(shuffled, chain) == places
    assert set(places) == {each.application for each in found if each.score is not None}
    assert sorted(p.rank for p in places.values()) == sorted(
        1 + sum(other.rank < p.rank for other in places.values()) for p in places.values()
    )
