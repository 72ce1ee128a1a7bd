from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse

from yanzhen.engines.matching.candidates import Scores
from yanzhen.engines.matching.crowds import ENOUGH, MANY, eased
from yanzhen.engines.matching.field import Apart, Applications, Cap, Field, Judges, Lacking, Named
from yanzhen.engines.matching.network import arcs, cheapest
from yanzhen.engines.matching.panels import Idle, Seats, _holes, _proven, assign
from yanzhen.engines.matching.repair import Standing, repair
from yanzhen.engines.matching.shortages import Shortage

MISSING = 10**7
"""More than all scores of a small field together."""


def a_field(
    n: int,
    m: int,
    marks: int = 1,
    *,
    most: int = 9,
    least: int = 0,
    seed: int = 1,
    spread: int = 1000,
    **rest,
) -> Field:
    dice = np.random.default_rng(seed)
    return Field(
        Applications(np.arange(n) * 3 + 100, dice.integers(0, spread + 1, (n, 3)), np.full(n, marks)),
        Judges(
            np.arange(m) * 7 + 500,
            dice.integers(0, spread + 1, (m, 3)),
            np.full(m, least),
            np.full(m, most),
        ),
        **rest,
    )


@st.composite
def fields(draw) -> Field:
    """Small fields with everything in them; traits are small, so that totals are told apart from missing marks."""
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    column = lambda size, low, high: np.array(  # noqa: E731  # a strategy of arrays
        draw(st.lists(st.integers(low, high), min_size=size, max_size=size)), np.int64
    )
    cities, trades = column(m, -1, 2), column(m, 0, 1)
    employers = np.where(cities < 0, -1, cities * 2 + trades)
    most = column(m, 0, 4)
    bars = (
        Apart("city", column(n, -1, 3), cities),
        Named("kin", column(3, 0, n - 1) + 40, column(3, 0, m - 1) + 90),
    )
    caps = (Cap("city", cities, draw(st.integers(1, 3))), Cap("employer", employers, 1))
    return Field(
        Applications(np.arange(n) + 40, column(n * 2, 0, 9).reshape(n, 2), column(n, 0, 3)),
        Judges(np.arange(m) + 90, column(m * 2, 0, 9).reshape(m, 2), np.minimum(column(m, 0, 2), most), most),
        bars,
        caps[: draw(st.integers(0, 2))],
    )


def allowed(field: Field) -> np.ndarray:
    return ~Scores(field, 0, 0).barred(np.arange(len(field.applications.keys)))


def best_by_program(field: Field) -> int:
    """Return the greatest worth by a whole-number programme over all pairs: another solver, another model."""
    n, m = len(field.applications.keys), len(field.judges.keys)
    worth = field.applications.traits @ field.judges.traits.T
    marks = field.applications.marks
    short = np.repeat(np.arange(n), marks)
    nth = np.concatenate([np.arange(k) for k in marks]) if n else np.zeros(0)
    costs = np.concatenate([-worth.ravel(), MISSING * (4 + 2 * nth), np.full(m, MISSING)])
    width = len(costs)
    pairs = np.arange(n * m).reshape(n, m)
    rows, low, high = [], [], []

    def rule(cells, least, greatest):
        row = np.zeros(width)
        row[cells] = 1
        rows.append(row)
        low.append(least)
        high.append(greatest)

    for i in range(n):
        rule([*pairs[i], *(n * m + np.flatnonzero(short == i))], marks[i], marks[i])
    for j in range(m):
        rule(pairs[:, j], 0, field.judges.most[j])
        rule([*pairs[:, j], n * m + len(short) + j], field.judges.least[j], np.inf)
    for cap in field.caps:
        for group in set(cap.groups.tolist()) - {-1}:
            for i in range(n):
                rule(pairs[i, cap.groups == group], 0, cap.most)
    upper = np.concatenate([allowed(field).ravel(), np.ones(len(short)), np.full(m, 9)])
    found = optimize.milp(
        costs,
        constraints=optimize.LinearConstraint(sparse.csr_array(np.array(rows)), low, high),
        integrality=np.ones(width),
        bounds=optimize.Bounds(0, upper),
        options={"mip_rel_gap": 0},
    )
    return round(-found.fun)


def worth_of(panel) -> int:
    short = sum(sum(4 + 2 * u for u in range(s.lacks)) for s in panel.shortages)
    return panel.total - MISSING * (short + sum(i.lacks for i in panel.idle))


@settings(deadline=None, max_examples=150)
@given(fields())
def test_a_panel_is_the_best_that_another_solver_finds_over_all_pairs(field):
    assert worth_of(assign(field, seed=1, noise=0)) == best_by_program(field)


@settings(deadline=None, max_examples=100)
@given(fields(), st.integers(0, 2**40), st.booleans())
def test_no_panel_breaks_a_bar_a_load_or_a_cap_and_every_mark_is_given_or_named(field, seed, floor):
    panel = assign(field, seed=seed, floor=floor)

    rows = panel.applications - field.applications.keys[0]
    columns = panel.judges - field.judges.keys[0]
    assert allowed(field)[rows, columns].all()
    assert len({*zip(rows, columns, strict=True)}) == len(rows)
    assert (np.bincount(columns, minlength=len(field.judges.keys)) <= field.judges.most).all()
    for cap in field.caps:
        seats = [(i, g) for i, g in zip(rows, cap.groups[columns], strict=True) if g >= 0]
        assert all(seats.count(seat) <= cap.most for seat in seats)
    lacks = dict.fromkeys(field.applications.keys.tolist(), 0) | {
        s.application: s.lacks for s in panel.shortages
    }
    seats = np.bincount(rows, minlength=len(field.applications.keys))
    assert (seats + np.array(list(lacks.values())) == field.applications.marks).all()


def turned(field: Field, seed: int) -> Field:
    dice = np.random.default_rng(seed)
    a, j = field.applications, field.judges
    rows, columns = dice.permutation(len(a.keys)), dice.permutation(len(j.keys))
    city, kin = field.bars
    mixed = dice.permutation(len(kin.judges))
    return Field(
        Applications(a.keys[rows], a.traits[rows], a.marks[rows]),
        Judges(j.keys[columns], j.traits[columns], j.least[columns], j.most[columns]),
        (
            Apart(city.reason, city.applications[rows], city.judges[columns]),
            Named(kin.reason, kin.applications[mixed], kin.judges[mixed]),
        ),
        tuple(Cap(c.reason, c.groups[columns], c.most) for c in field.caps),
    )


def told(panel) -> tuple:
    return (
        panel.applications.tolist(), panel.judges.tolist(), panel.fits.tolist(), panel.gap, panel.floor,
        panel.shortages, panel.idle, panel.stamp,
    )  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(fields(), st.integers(0, 99))
def test_the_order_of_rows_decides_nothing(field, seed):
    assert told(assign(turned(field, seed), seed=3)) == told(assign(field, seed=3))


def test_the_same_seed_gives_the_same_panel_and_another_seed_another():
    field = a_field(40, 20, 3, most=9, spread=0)

    first, again, other = (assign(field, seed=seed) for seed in (1, 1, 2))

    assert told(first) == told(again)
    assert first.judges.tolist() != other.judges.tolist()
    assert first.stamp.input != other.stamp.input


def test_few_candidates_come_to_the_best_over_all_pairs_and_say_so():
    dice = np.random.default_rng(8)
    cities = dice.integers(0, 6, 120)
    field = a_field(
        150, 120, 4, most=7, least=4, spread=30, bars=(Apart("city", dice.integers(0, 6, 150), cities),)
    )
    capped = replace(field, caps=(Cap("city", cities, 1),))

    for each in (field, capped):
        few = assign(each, seed=1, noise=0)
        whole = best_by_program(each)

        assert few.gap is not None
        assert few.gap <= 1e-4
        assert worth_of(few) <= whole <= worth_of(few) + few.gap * few.total + 1


def test_many_panels_under_caps_are_as_good_as_it_is_said_and_break_none():
    cities = np.arange(80) % 16
    field = a_field(
        MANY + 500, 80, marks=3, most=200, caps=(Cap("city", cities, 1), Cap("employer", np.arange(80) // 2 * 16 + cities, 1))
    )  # fmt: skip
    scores, holes = Scores(field, 7, 0), _holes(field, Seats(*(np.zeros(0, np.int64),) * 2))

    quick = eased(scores, holes, 60, 10)
    pairs, found, _gap = _proven(scores, holes, floor=False)
    panel = assign(field, seed=7, noise=0)

    assert quick is not None
    assert quick.gap <= ENOUGH
    best = int(pairs.scores[found.chosen].astype(np.int64).sum())
    assert best * (1 - quick.gap) <= int(quick.pairs.scores[quick.found.chosen].astype(np.int64).sum())
    seated = np.zeros((MANY + 500, 16), np.int64)
    np.add.at(seated, ((panel.applications - 100) // 3, cities[(panel.judges - 500) // 7]), 1)
    loads = np.bincount((panel.judges - 500) // 7)
    assert (seated.max(), seated.sum(), loads.max() <= 200) == (1, 3 * (MANY + 500), True)


def test_a_judge_with_room_is_found_though_many_fit_better():
    field = a_field(40, 90, 1, most=0)
    last = np.arange(90) == 89
    field = replace(
        field,
        judges=replace(
            field.judges, traits=np.where(last[:, None], 0, field.judges.traits), most=np.where(last, 40, 0)
        ),
    )

    panel = assign(field, seed=1)

    assert panel.shortages == ()
    assert set(panel.judges.tolist()) == {500 + 7 * 89}


def test_the_least_load_of_a_judge_who_fits_nobody_well_is_kept():
    field = a_field(300, 60, 2, most=40)
    last = np.arange(60) == 59
    field = replace(
        field,
        judges=replace(
            field.judges, traits=np.where(last[:, None], 0, field.judges.traits), least=np.where(last, 30, 0)
        ),
    )

    panel = assign(field, seed=1)

    assert (panel.judges == 500 + 7 * 59).sum() == 30
    assert panel.idle == ()


def test_a_judge_whom_nobody_may_have_is_named_as_idle():
    field = a_field(2, 2, 1, least=1, bars=(Apart("city", np.array([0, 0]), np.array([0, 1])),))

    assert assign(field, seed=1).idle == (Idle(500, 1),)


def test_a_panel_that_can_not_be_filled_names_what_it_lacks_and_why():
    holds = np.array([[True], [True], [True], [True], [False], [True]])
    field = a_field(
        2, 6, 4,
        bars=(
            Apart("city", np.array([5, 1]), np.array([5, 0, 0, 0, 0, 5])),
            Lacking("skill", np.array([[True], [False]]), holds),
        ),
        caps=(Cap("employer", np.array([0, 1, 1, 2, 3, 4]), 1),),
    )  # fmt: skip
    busy = replace(field, judges=replace(field.judges, most=np.array([9, 9, 9, 0, 9, 9])))

    panel = assign(busy, seed=1)

    assert panel.gap is None
    assert panel.shortages == (
        Shortage(100, 3, barred={"city": 2, "skill": 1}, free=3, seated=1, full=1, capped={"employer": 1}),
    )


def test_missing_marks_are_spread_evenly():
    field = a_field(6, 2, 2, most=3)

    panel = assign(field, seed=1)

    assert [s.lacks for s in panel.shortages] == [1] * 6


def test_the_floor_makes_the_weakest_pair_as_strong_as_can_be():
    field = a_field(6, 5, 2, most=3, seed=4)
    fits = field.applications.traits @ field.judges.traits.T

    panel = assign(field, seed=1, noise=0, floor=True)

    weak = np.nonzero(fits <= panel.floor)
    above = Named("weak", field.applications.keys[weak[0]], field.judges.keys[weak[1]])
    assert panel.floor == panel.fits.min()
    assert panel.floor > assign(field, seed=1, noise=0).fits.min()
    assert assign(replace(field, bars=(above,)), seed=1).shortages != ()


def test_a_flow_that_does_not_balance_is_refused_before_it_reaches_the_solver():
    with pytest.raises(ValueError, match="differ by 1"):
        cheapest(arcs([0], [1], 1), np.array([2, -1]))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"keys": np.array([1, 1])}, "twice"),
        ({"traits": np.array([[1001], [0]])}, "outside"),
        ({"marks": np.array([-1, 1])}, "turned round"),
        ({"marks": np.array([1])}, "rows"),
    ],
)
def test_a_field_that_contradicts_itself_is_refused(change, word):
    whole = {"keys": np.array([1, 2]), "traits": np.array([[1], [0]]), "marks": np.array([1, 1])}
    judges = Judges(np.array([1]), np.array([[5]]), np.array([0]), np.array([1]))

    with pytest.raises(ValueError, match=word):
        Field(Applications(**whole | change), judges)


def test_caps_that_cross_are_refused():
    caps = (Cap("city", np.array([0, 1]), 1), Cap("employer", np.array([7, 7]), 1))

    with pytest.raises(ValueError, match="employer lies in two of city"):
        a_field(1, 2, caps=caps)


def test_a_field_without_anybody_is_an_empty_panel():
    assert assign(a_field(0, 0), seed=1).total == 0
    assert assign(a_field(2, 0), seed=1).shortages[0].free == 0


@st.composite
def repairs(draw):
    field = draw(fields())
    panel = assign(field, seed=1)
    filed = np.array(
        draw(st.lists(st.booleans(), min_size=len(panel.judges), max_size=len(panel.judges))), bool
    )
    late = np.array(draw(st.lists(st.booleans(), min_size=len(filed), max_size=len(filed))), bool)
    gone = field.judges.keys[: draw(st.integers(0, 2))]
    barred = Named("late", panel.applications[late], panel.judges[late])
    known = replace(field, bars=(*field.bars, barred))
    return known, Standing(panel.applications, panel.judges, filed), late, gone


@settings(deadline=None, max_examples=100)
@given(repairs())
def test_a_repair_moves_no_filed_mark_and_breaks_no_rule(case):
    field, standing, late, gone = case

    found = repair(field, standing, gone=gone, seed=2)

    away = np.isin(standing.judges, gone)
    assert found.voided.tolist() == np.flatnonzero(standing.filed & late).tolist()
    assert found.released.tolist() == np.flatnonzero(~standing.filed & (late | away)).tolist()
    assert found.kept.tolist() == np.flatnonzero(~late & (standing.filed | ~away)).tolist()
    rows = np.concatenate([standing.applications[found.kept], found.panel.applications]) - 40
    columns = np.concatenate([standing.judges[found.kept], found.panel.judges]) - 90
    assert allowed(field)[rows, columns].all()
    assert len({*zip(rows, columns, strict=True)}) == len(rows)
    assert not np.isin(found.panel.judges, gone).any()
    assert (np.bincount(columns, minlength=len(field.judges.keys)) <= field.judges.most).all()
    for cap in field.caps:
        seats = [(i, g) for i, g in zip(rows, cap.groups[columns], strict=True) if g >= 0]
        assert all(seats.count(seat) <= cap.most for seat in seats)
    lacks = sum(s.lacks for s in found.panel.shortages)
    assert len(rows) + lacks == field.applications.marks.sum()


def test_a_standing_pair_of_strangers_is_refused():
    standing = Standing(np.array([1]), np.array([500]), np.array([False]))

    with pytest.raises(ValueError, match="not of this field"):
        repair(a_field(1, 1), standing, gone=np.zeros(0, np.int64), seed=1)
