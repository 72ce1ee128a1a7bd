"""A score run over 100,000 marks, and who is found: made-up judges whose truth is known, beside a spreadsheet's way.

The model is that of docs/decisions/0022-scores.md. A percentage is the share of the true best 400 of 20,000 that a
method puts among its best 400, mean of the seeds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from bench._judges import EACH, TOP, World, best, world
from yanzhen.engines.programmes.scoring.flags import Outlier, judge_reports, outliers
from yanzhen.engines.programmes.scoring.marks import Given, ScoreInput
from yanzhen.engines.programmes.scoring.methods import METHODS
from yanzhen.engines.programmes.scoring.runs import ScoreResult, ScoreRun, score
from yanzhen.engines.programmes.scoring.ties import By, Chain, End, Step

SEEDS = range(2)
CHAIN = Chain(steps=(Step(By.DISPERSION),), end=End.LOT, seed="bench")
WORLDS: dict[str, dict[str, Any]] = {
    "base": {},
    "calib": {"severity": 0.25, "scale": 0.08},
    "pools": {"pools": True},
    "cheat": {"cheats": 0.03},
    "wide": {"wide": True},
}
# median700 is a scale for the plain mean: it finds whom the mean finds.
VARIANTS: dict[str, tuple[str, dict[str, Decimal]]] = {
    **{method.code: (method.code, {}) for method in METHODS if method.code != "median700"},
    "two_way, severity alone": ("two_way", {"huber": Decimal(10**6), "prior": Decimal(10**9)}),
    "two_way, no Huber": ("two_way", {"huber": Decimal(10**6)}),
}
ODD = 2.5


def run(say: Callable[[str], None]) -> None:
    _cost(say)
    for name, settings in WORLDS.items():
        found: dict[str, list[float]] = {}
        worlds = [world(seed, **settings) for seed in SEEDS]
        marked = [made.given() for made in worlds]
        for label in VARIANTS:
            runs = [_run(label, given) for given in marked]
            found[label] = [_share(run, made) for run, made in zip(runs, worlds, strict=True)]
            if label == "two_way":
                corrected = runs
        found["z per judge (not offered)"] = [len(best(_z(each)) & each.top) / TOP for each in worlds]
        for label, shares in sorted(found.items(), key=lambda pair: -statistics.mean(pair[1])):
            say(f"scoring {name}: {100 * statistics.mean(shares):.1f} % of the true best {TOP} by {label}")
        _again(say, name, list(zip(worlds, marked, corrected, strict=True)))


def _cost(say: Callable[[str], None]) -> None:
    given = world(0).given()
    seconds, places = _timed(lambda: _spreadsheet(given))
    say(
        f"scoring {len(given.marks):,} marks: {seconds:.2f} s of CPU, plain loops: mean, sort, {len(places):,} places"
    )
    for method in METHODS:
        taken, found = _timed(lambda code=method.code: score(_fresh(given), method=code, chain=CHAIN))
        say(
            f"scoring {method.code}: {taken:.2f} s of CPU with checks, hash and tie chain, {taken / seconds:.1f} times the loops"
        )
        if found.fit:
            say(f"scoring two_way settled in {found.fit.rounds} rounds")
            taken, _ = _timed(lambda fit=found.fit: (outliers(fit, ODD), judge_reports(fit)))
            say(f"scoring flags and reports of all judges: {taken:.2f} s of CPU")
    taken, frozen = _timed(found.result.canonical)
    say(f"scoring canonical bytes: {taken:.2f} s of CPU, {len(frozen) / 1e6:.1f} MB")


def _fresh(given: ScoreInput) -> ScoreInput:
    return ScoreInput(given.marks, given.entries, given.low, given.high)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


def _spreadsheet(given: ScoreInput) -> dict[int, int]:
    """As a sheet has it: a column of means in binary floating point, sorted; ties by row order."""
    sums: dict[int, float] = {}
    counts: dict[int, int] = {}
    for application, _judge, value in given.marks:
        if value is not None:
            sums[application] = sums.get(application, 0.0) + float(value)
            counts[application] = counts.get(application, 0) + 1
    means = {application: total / counts[application] for application, total in sums.items()}
    return {a: place for place, a in enumerate(sorted(means, key=lambda a: -means[a]), 1)}


def _run(label: str, given: ScoreInput) -> ScoreRun:
    method, parameters = VARIANTS[label]
    return score(given, method=method, chain=CHAIN, parameters=parameters)


def _share(run: ScoreRun, made: World) -> float:
    return len(_first(run.result) & made.top) / TOP


def _first(result: ScoreResult) -> set[int]:
    return {each.application for each in result.scores[:TOP]}


def _z(made: World) -> np.ndarray[Any, Any]:
    judge, marks = made.judge.ravel(), made.marks.ravel()
    count = np.bincount(judge)
    middle = np.bincount(judge, marks) / count
    spread = np.sqrt(np.bincount(judge, (marks - middle[judge]) ** 2) / count)
    return ((marks - middle[judge]) / spread[judge]).reshape(-1, EACH).mean(axis=1)


def _again(
    say: Callable[[str], None], name: str, rounds: Sequence[tuple[World, ScoreInput, ScoreRun]]
) -> None:
    """Give each flagged mark to a judge who has none of the application, and run again."""
    flagged, marks, caught, cheated, before, after = 0, 0, 0, 0, 0, 0
    shares = []
    for seed, (made, given, found) in enumerate(rounds):
        assert found.fit
        odd = outliers(found.fit, ODD)
        again = _run("two_way", _remarked(made, given, odd, seed))
        rigged = {*made.friends.tolist(), *made.victims.tolist()}
        sunk = set(made.victims.tolist()) & made.top
        flagged, marks = flagged + len(odd), marks + len(given.marks)
        caught += len({each.application for each in odd} & rigged)
        cheated += len(rigged)
        before += len(sunk - _first(found.result))
        after += len(sunk - _first(again.result))
        shares.append(_share(again, made))
    say(
        f"scoring {name}: {100 * statistics.mean(shares):.1f} % by two_way with flagged marks marked again "
        f"({100 * flagged / marks:.2f} % of the marks)"
    )
    if cheated:
        say(
            f"scoring {name}: {caught} of {cheated} rigged applications flagged; of the true best that a judge "
            f"sank, {before} left out, {after} after marking again"
        )


def _remarked(made: World, given: ScoreInput, odd: tuple[Outlier, ...], seed: int) -> ScoreInput:
    chance = np.random.default_rng(1000 + seed)
    marks = {mark[:2]: mark for mark in given.marks}
    for each in odd:
        del marks[each.application, each.judge]
        judge = int(chance.integers(0, len(made.severity)))
        while (each.application, judge) in marks or judge == each.judge:
            judge = int(chance.integers(0, len(made.severity)))
        value = made.look(chance, each.application, judge)
        marks[each.application, judge] = Given(each.application, judge, Decimal(str(value)))
    return ScoreInput(tuple(marks.values()), given.entries, given.low, given.high)
