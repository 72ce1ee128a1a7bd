from __future__ import annotations

from decimal import Decimal

import numpy as np

from yanzhen.engines.programmes.scoring.criteria import Aspect, Criteria, Kind
from yanzhen.engines.programmes.scoring.difference import Change, difference, without
from yanzhen.engines.programmes.scoring.flags import (
    Calibration,
    Disagreement,
    Hinge,
    Limits,
    calibrate,
    disagreements,
    hinges,
    judge_reports,
    outliers,
)
from yanzhen.engines.programmes.scoring.marks import AspectGiven, Entry, Given, ScoreInput, aspect_means
from yanzhen.engines.programmes.scoring.runs import ScoreRun, score
from yanzhen.engines.programmes.scoring.ties import Chain, Place

D = Decimal
LEVELS = ("一", "二", "三", "四")


def panel(change: dict[tuple[int, int], float] | None = None, *, lenient: int = -1) -> ScoreInput:
    """40 applications, 8 judges, 4 marks each; `change` adds points to single marks."""
    chance = np.random.default_rng(3)
    quality, rows = chance.normal(70, 8, 40), []
    for a in range(40):
        for k in range(4):
            j = (a * 3 + k * (1 + a % 2)) % 8
            value = (
                quality[a] + chance.normal(0, 2) + (12 if j == lenient else 0) + (change or {}).get((a, j), 0)
            )
            rows.append(Given(a, j, D(str(round(value, 1)))))
    return ScoreInput(tuple(rows), tuple(Entry(a) for a in range(40)), D(-100), D(200))


def corrected(given: ScoreInput) -> ScoreRun:
    return score(given, method="two_way", chain=Chain())


def test_a_mark_far_too_high_and_one_far_too_low_are_both_found():
    high, low = panel().marks[20][:2], panel().marks[90][:2]

    found = outliers(corrected(panel({high: 25, low: -25})).fit, 4.5)

    assert {(o.application, o.judge): o.strength > 0 for o in found} == {high: True, low: False}
    assert all(abs(o.value - o.expected) > 18 for o in found)


def test_marks_that_agree_wholly_are_never_odd():
    rows = tuple(Given(a, j, D(60 + a)) for a in range(9) for j in range(3))
    run = corrected(ScoreInput(rows, tuple(Entry(a) for a in range(9))))

    assert outliers(run.fit, 2.5) == ()


def test_a_report_tells_a_lenient_judge_and_one_who_marks_by_chance():
    given = panel(lenient=2)
    chance = np.random.default_rng(8)
    rows = tuple(
        m._replace(value=D(str(round(chance.normal(70, 8), 1)))) if m.judge == 5 else m for m in given.marks
    )
    reports = judge_reports(corrected(ScoreInput(rows, given.entries, given.low, given.high)).fit)

    assert [r.judge for r in reports] == list(range(8))
    assert min(reports, key=lambda r: r.severity).judge == 2
    assert min(reports, key=lambda r: r.consistency).judge == 5
    assert all(r.consistency > D("0.8") for r in reports if r.judge != 5)
    assert sum(r.n for r in reports) == 160


def test_levels_more_than_one_apart_are_to_be_talked_over():
    criteria = Criteria(
        (
            Aspect("look", "外观", Kind.JUDGEMENT, D(1), levels=LEVELS),
            Aspect("fit", "配合", Kind.JUDGEMENT, D(1), levels=LEVELS),
            Aspect("size", "尺寸", Kind.MEASUREMENT, D(1)),
        )
    )
    given = [
        AspectGiven(2, 1, "fit", D(0)), AspectGiven(2, 2, "fit", D(2)), AspectGiven(2, 3, "fit", None),
        AspectGiven(2, 2, "look", D(3)), AspectGiven(2, 1, "look", D(1)),
        AspectGiven(1, 1, "look", D(1)), AspectGiven(1, 2, "look", D(2)),
        AspectGiven(1, 1, "size", D(0)), AspectGiven(1, 2, "size", D(100)),
    ]  # fmt: skip

    assert disagreements(criteria, given, apart=D(1)) == (
        Disagreement(2, "look", ((1, D(1)), (2, D(3)))),
        Disagreement(2, "fit", ((1, D(0)), (2, D(2)))),
    )


def test_the_mean_of_an_aspect_passes_over_what_does_not_apply():
    given = [
        AspectGiven(1, 1, "look", D(1)), AspectGiven(1, 2, "look", D(2)), AspectGiven(1, 3, "look", None),
        AspectGiven(1, 1, "fit", None),
    ]  # fmt: skip

    assert aspect_means(given) == {1: (("fit", None), ("look", D("1.5")))}


def test_a_judge_is_let_in_who_marked_every_anchor_near_what_was_agreed():
    anchors = {101: D(60), 102: D(80)}
    given = [
        Given(101, 1, D(62)), Given(102, 1, D(81)), Given(7, 1, D(0)),
        Given(101, 2, D(70)), Given(102, 2, D(90)),
        Given(101, 3, D(60)), Given(102, 3, None),
        Given(101, 4, D(50)), Given(102, 4, D(90)),
    ]  # fmt: skip

    assert calibrate([5, 4, 3, 2, 1], given, anchors, Limits(D(3), D(5))) == (
        Calibration(1, 2, D("1.5"), D("0.707107"), (), True),
        Calibration(2, 2, D(10), D(0), (), False),
        Calibration(3, 1, D(0), None, (102,), False),
        Calibration(4, 2, D(0), D("14.142136"), (), False),
        Calibration(5, 0, None, None, (101, 102), False),
    )


def test_whoever_is_in_by_one_score_alone_is_told_to_the_panel():
    run = corrected(panel(lenient=2))
    found = hinges(run.result, 10)
    ours, raw = (set(c.inside | c.border) for c in (run.result.within(10), run.result.raw_within(10)))

    assert {h.application for h in found if h.inside} == ours - raw != set()
    assert {h.application for h in found if not h.inside} == raw - ours != set()
    assert all((h.rank <= 10, h.raw_rank <= 10) == (h.inside, not h.inside) for h in found)
    assert all(isinstance(h, Hinge) for h in found)


def test_a_shadow_run_tells_every_score_and_place_that_would_change():
    marks = [
        Given(1, 1, D(90)),
        Given(1, 2, D(70)),
        Given(2, 1, D(81)),
        Given(3, 1, D(75)),
        Given(4, 1, D(60)),
    ]
    given = ScoreInput(tuple(marks), tuple(Entry(a) for a in (1, 2, 3, 4)))
    before = score(given, method="mean", chain=Chain()).result
    after = score(without(given, 1, 2), method="mean", chain=Chain()).result

    shown = difference(before, after, 1)

    old, new = before.by_application(), after.by_application()
    assert shown.changes == (Change(1, old[1], new[1]), Change(2, old[2], new[2]))
    assert [(c.before.place, c.after.place) for c in shown.changes] == [
        (Place(2, 1), Place(1, 1)),
        (Place(1, 1), Place(2, 1)),
    ]
    assert (shown.into, shown.out, shown.to_border) == (frozenset({1}), frozenset({2}), frozenset())
    assert not difference(before, before, 1)
