from __future__ import annotations

from decimal import Decimal, localcontext
from itertools import product
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yanzhen.engines.programmes.scoring.difference import difference, without
from yanzhen.engines.programmes.scoring.marks import Entry, Given, ScoreInput
from yanzhen.engines.programmes.scoring.methods import METHODS
from yanzhen.engines.programmes.scoring.runs import CODE, Score, ScoreResult, score
from yanzhen.engines.programmes.scoring.ties import By, Chain, End, Place, Step
from yanzhen.engines.programmes.scoring.twoway import Unconnected
from yanzhen.foundation.errors import Invalid

D = Decimal
PLAIN = Chain()
LOOSE = {"least": 2}


def marks(*rows: tuple[int, int, str | None]) -> tuple[Given, ...]:
    return tuple(Given(a, j, None if v is None else D(v)) for a, j, v in rows)


def input_of(*rows: tuple[int, int, str | None], more: tuple[int, ...] = ()) -> ScoreInput:
    entered = {a for a, _, _ in rows} | set(more)
    return ScoreInput(marks(*rows), tuple(Entry(a) for a in entered))


def scores(found: ScoreInput, method: str, chain: Chain = PLAIN, **parameters) -> dict[int, Score]:
    return score(found, method=method, chain=chain, parameters=parameters).result.by_application()


def ring(judges: int = 6, each: int = 3, applications: int = 24) -> ScoreInput:
    """Every application has `each` judges, every judge shares files with the next ones."""
    chance = np.random.default_rng(5)
    quality, strict = chance.normal(70, 8, applications), chance.normal(0, 4, judges)
    rows = [
        Given(
            a, (a + k) % judges, D(str(round(quality[a] - strict[(a + k) % judges] + chance.normal(0, 2), 1)))
        )
        for a in range(applications)
        for k in range(each)
    ]
    return ScoreInput(tuple(rows), tuple(Entry(a) for a in range(applications)), D(-200), D(300))


def test_the_raw_mean_stands_beside_what_the_method_gives():
    found = scores(input_of((1, 1, "70"), (1, 2, "80"), (1, 3, "99")), "median")

    assert found == {1: Score(1, D("83"), D("80"), 3, D("14.730920"), Place(1, 1), Place(1, 1))}


def test_the_ends_are_dropped_only_where_something_is_left():
    found = scores(
        input_of((1, 1, "0"), (1, 2, "80"), (1, 3, "90"), (2, 1, "60"), (2, 2, "70")), "drop_extremes"
    )

    assert (found[1].corrected, found[2].corrected) == (80, 65)


def test_a_half_is_rounded_up_as_on_paper():
    """In binary floating point the mean of 85.12 and 85.13 lies below 85.125."""
    found = scores(input_of((1, 1, "85.12"), (1, 2, "85.13"), (2, 1, "85.13")), "mean")

    assert found[1].place == found[2].place == Place(1, 2)


def test_three_thirds_are_one():
    third = str(D(100) / 3)
    found = scores(
        input_of((1, 1, third), (1, 2, third), (1, 3, third), (1, 4, "50"), (2, 1, "38")), "mean", Chain(0)
    )

    assert found[1].raw == D("37.5")
    assert found[1].place == found[2].place


def test_an_application_without_a_number_has_no_place():
    found = score(input_of((1, 1, "0"), (2, 1, None), more=(3,)), method="mean", chain=PLAIN).result

    assert [(s.application, s.raw, s.n, s.place) for s in found.scores] == [
        (1, D(0), 1, Place(1, 1)),
        (2, None, 0, None),
        (3, None, 0, None),
    ]


def test_the_median_of_a_skill_is_at_seven_hundred_and_the_ends_hold():
    found = scores(
        input_of((1, 1, "40"), (2, 1, "69"), (3, 1, "70"), (4, 1, "71"), (5, 1, "100")), "median700"
    )

    assert [found[a].corrected.quantize(D("0.01")) for a in range(1, 6)] == [
        D("92.96"),
        D("679.77"),
        D("700.00"),
        D("720.23"),
        D("1000.00"),
    ]


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 200).map(lambda n: D(n) / 2), min_size=1, max_size=12),
    st.lists(st.integers(0, 10000).map(D), min_size=3, max_size=3, unique=True).map(sorted),
)
def test_the_scale_keeps_the_order_the_median_and_the_ends(raw: list[Decimal], ends: list[Decimal]):
    low, centre, high = ends
    rows = [(n, 1, str(value)) for n, value in enumerate(raw, 1)]

    run = score(
        input_of(*rows),
        method="median700",
        chain=PLAIN,
        parameters={"low": low, "centre": centre, "high": high},
    )

    found = {s.application: s.corrected for s in run.result.scores}
    scaled = [found[n] for n, _, _ in rows]
    assert all(value is not None and low <= value <= high for value in scaled)
    assert all(
        a <= b for (x, a), (y, b) in product(zip(raw, scaled, strict=True), repeat=2) if x <= y and a and b
    )
    assert {b for x, b in zip(raw, scaled, strict=True) if x == median(raw)} <= {centre}


def test_a_skill_in_which_most_are_alike_stands_at_seven_hundred():
    found = scores(
        input_of((1, 1, "70"), (2, 1, "70"), (3, 1, "90")), "median700", Chain(steps=(Step(By.RAW),))
    )

    assert {s.corrected for s in found.values()} == {D(700)}
    assert [found[a].place.rank for a in (1, 2, 3)] == [2, 2, 1]


def test_a_strict_and_a_lenient_judge_are_put_right():
    rows = [
        (a, j, str(50 + 4 * a + (5 if j == 1 else -5 if j == 2 else 0))) for a in range(8) for j in (1, 2, 3)
    ]
    found = score(
        input_of(*[r for r in rows if r[:2] != (3, 1)]), method="two_way", chain=PLAIN, parameters=LOOSE
    )

    gaps = [
        found.result.by_application()[a + 1].corrected - found.result.by_application()[a].corrected
        for a in range(7)
    ]
    assert all(abs(gap - 4) < D("0.01") for gap in gaps)
    assert found.result.by_application()[3].raw < found.result.by_application()[3].corrected
    assert [round(float(s), 1) for s in found.fit.severity - found.fit.severity[2]] == [-5.0, 5.0, 0.0]


def test_without_scale_and_huber_the_model_is_the_least_squares_of_a_textbook():
    found = ring()
    run = score(found, method="two_way", chain=PLAIN, parameters={**LOOSE, "huber": 10**6, "prior": 10**9})
    table = run.fit.table
    design = np.zeros((len(table.values), len(table.applications) + len(table.judges)))
    rows = np.arange(len(table.values))
    design[rows, table.application] = 1
    design[rows, len(table.applications) + table.judge] = -1
    solved = np.linalg.lstsq(design, table.values, rcond=None)[0]
    quality, severity = solved[: len(table.applications)], solved[len(table.applications) :]

    assert np.abs((quality - quality.mean()) - run.fit.quality).max() < 1e-6
    assert np.abs((severity - severity.mean()) - (run.fit.severity - run.fit.severity.mean())).max() < 1e-6


def test_the_parts_of_the_fit_add_up_to_the_marks():
    fit = score(ring(), method="two_way", chain=PLAIN, parameters=LOOSE).fit
    table = fit.table
    quality, scale = fit.quality[table.application], fit.scale[table.judge]

    told = fit.centre + quality - fit.severity[table.judge] + (scale - 1) * quality + fit.residual
    assert np.abs(told - table.values).max() < 1e-9
    assert abs(np.average(fit.severity, weights=table.by_judge())) < 1e-9
    assert abs(np.average(fit.scale, weights=table.by_judge()) - 1) < 1e-9
    assert abs(fit.quality.mean()) < 1e-9


def test_judges_without_a_common_file_are_not_compared():
    rows = [(a, j, "60") for a in range(8) for j in (1, 2)] + [(a, 7, "90") for a in range(10, 18)]

    with pytest.raises(Unconnected) as refused:
        score(input_of(*rows), method="two_way", chain=PLAIN)

    assert refused.value.data == {"parts": [[1, 2], [7]], "few": {}}
    assert refused.value.message == (
        "不能作评委校正：评委与申报分成互不相连的 2 部分，除最大的一部分外有：评委 7。各部分之间没有共同评过的申报，"
        "宽严无从比较；请安排交叉评审或共同评审标杆材料，或改用平均分。"
    )


def test_a_judge_with_too_few_marks_is_named():
    rows = [(a, j, "60") for a in range(8) for j in (1, 2)] + [(0, 9, "70"), (1, 9, None)]

    with pytest.raises(Unconnected) as refused:
        score(input_of(*rows), method="two_way", chain=PLAIN)

    assert refused.value.data == {"parts": [[1, 2, 9]], "few": {9: 1}}
    assert "评委 9（1 份）所评不足 8 份" in refused.value.message


def test_judges_who_hang_together_by_a_thread_are_not_corrected():
    rows = [
        (9 * j + k, i, str(60 + (7 * k + 3 * i) % 11))
        for j in range(40)
        for k in range(9)
        for i in ((j, j - 1) if k == 0 and j else (j,))
    ]

    with pytest.raises(Unconnected, match="共同评过的申报太少"):
        score(input_of(*rows), method="two_way", chain=PLAIN)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(1, 5, "100.5")], "评委 5 给申报 1 的得分 100.5 不在 0 至 100 之内"),
        ([(1, 5, "NaN")], "NaN"),
        ([(1, 5, "60"), (1, 5, "70")], "评委 5 对申报 1 有两份有效评分"),
    ],
)
def test_a_mark_that_can_not_be_is_refused_and_named(rows, words):
    with pytest.raises(Invalid, match=words):
        input_of(*rows)


def test_a_mark_on_an_application_that_is_not_in_the_round_is_refused():
    with pytest.raises(Invalid, match="不在参评名单中"):
        ScoreInput(marks((1, 1, "60")), (Entry(2),))


@pytest.mark.parametrize(
    ("method", "parameters", "words"),
    [
        ("z", {}, "没有名为 z 的计分方法；可用：mean、drop_extremes"),
        ("mean", {"drop": 1}, "没有参数 drop；可用的参数：无"),
        ("drop_extremes", {"drop": D("1.5")}, "须是 1 至 5 的整数，给的是 1.5"),
        ("two_way", {"huber": D("NaN")}, "NaN"),
        ("median700", {"low": 700}, "须依次增大：最低分 700、中位数对应的分数 700、最高分 1000"),
        ("median700", {"high": 0}, "须依次增大：最低分 0、中位数对应的分数 700、最高分 0"),
    ],
)
def test_a_method_or_parameter_that_is_not_there_is_refused(method, parameters, words):
    with pytest.raises(Invalid, match=words):
        score(input_of((1, 1, "60")), method=method, chain=PLAIN, parameters=parameters)


@pytest.mark.parametrize("method", [m.code for m in METHODS])
def test_a_round_without_a_single_number_gives_a_list_without_places(method):
    found = score(input_of((1, 1, None), more=(2,)), method=method, chain=PLAIN).result

    assert [(s.application, s.corrected, s.place) for s in found.scores] == [(1, None, None), (2, None, None)]


def test_the_bytes_of_a_run_change_only_with_the_code_version():
    """Where this fails although nothing was meant to change, results that were frozen could not be recomputed."""
    rows = [(a, (a + k) % 5, str(60 + (7 * a + 13 * k) % 23)) for a in range(15) for k in range(3)]
    run = score(input_of(*rows, more=(99,)), method="two_way", chain=Chain(steps=(Step(By.DISPERSION),)))

    assert (CODE, run.result.hash) == (
        "scoring/1",
        "893651d929ee315da55b1c69ceca5764dc0c3b33029916b1d2b7e1e8c988567b",
    )


def test_the_input_hash_is_of_numbers_not_of_their_writing():
    assert input_of((1, 1, "85"), (2, 1, None)).hash == input_of((2, 1, None), (1, 1, "85.00")).hash
    assert input_of((1, 1, "0")).hash != input_of((1, 1, None)).hash


values = st.one_of(st.none(), st.integers(0, 200).map(lambda n: D(n) / 2))
rounds = st.dictionaries(
    st.tuples(st.integers(1, 8), st.integers(1, 4)), values, min_size=1, max_size=24
).map(lambda d: [Given(a, j, v) for (a, j), v in d.items()])
chains = st.builds(
    Chain,
    decimals=st.integers(0, 3),
    steps=st.sampled_from([(), (Step(By.DISPERSION),), (Step(By.EARLIER), Step(By.ASPECT, "look"))]),
    end=st.just(End.LOT),
    seed=st.just("2026"),
) | st.builds(Chain, decimals=st.integers(0, 2))
codes = st.sampled_from([m.code for m in METHODS])


def run_of(
    found: list[Given], method: str, chain: Chain, earlier: dict[int, Decimal | None]
) -> ScoreResult | None:
    entries = tuple(Entry(a, earlier.get(a), (("look", earlier.get(9 - a)),)) for a in range(1, 9))
    try:
        return score(
            ScoreInput(tuple(found), entries),
            method=method,
            chain=chain,
            parameters=LOOSE if method == "two_way" else {},
        ).result
    except Unconnected:
        return None


earlier_values = st.dictionaries(st.integers(1, 8), values)


@settings(deadline=None)
@given(rounds, codes, chains, earlier_values, st.randoms(use_true_random=False))
def test_the_order_in_which_marks_are_read_means_nothing(found, method, chain, earlier, chance):
    shuffled = list(found)
    chance.shuffle(shuffled)
    first = run_of(found, method, chain, earlier)
    with localcontext() as context:
        context.prec = 6
        second = run_of(shuffled, method, chain, earlier)

    assert (first and first.canonical()) == (second and second.canonical())
    assert first is None or ScoreResult.read(first.canonical()) == first


@settings(deadline=None)
@given(rounds, codes, chains, earlier_values)
def test_what_has_no_number_never_outranks_what_has(found, method, chain, earlier):
    result = run_of(found, method, chain, earlier)
    numbered = {mark.application for mark in found if mark.value is not None}

    if result:
        assert {s.application for s in result.scores if s.place} == numbered
        assert {s.application for s in result.scores[: len(numbered)]} == numbered
        places = [s.place.rank for s in result.scores if s.place]
        assert places == sorted(places)
        assert all(s.place.tied == places.count(s.place.rank) for s in result.scores if s.place)


@settings(deadline=None)
@given(rounds, codes, chains, st.integers(0, 8), st.data())
def test_voiding_a_mark_changes_only_what_the_difference_shows(found, method, chain, number, data):
    void = data.draw(st.sampled_from(found))
    entries = tuple(Entry(a) for a in range(1, 9))
    whole = ScoreInput(tuple(found), entries)
    try:
        before, after = (
            score(g, method=method, chain=chain, parameters=LOOSE if method == "two_way" else {}).result
            for g in (whole, without(whole, void.application, void.judge))
        )
    except Unconnected:
        return

    shown = difference(before, after, number)
    old, new = before.by_application(), after.by_application()
    changed = {c.application for c in shown.changes}
    assert {a for a in old if old[a] != new[a]} == changed
    assert {c.application: c.after for c in shown.changes} == {a: new[a] for a in changed}
    assert (before.within(number).inside - shown.out) | shown.into == after.within(number).inside
    if method in {"mean", "median", "drop_extremes"}:
        assert {a for a in old if old[a].corrected != new[a].corrected} <= {void.application}
