"""Panels, pairs and shortlists beside the optimum, beside greedy ways and beside what a spreadsheet does, in one run.

Costs are CPU seconds; the panel runs in processes of their own for their peak memory. The dense reference takes about
2 GB and half a minute. All data are made up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench import _matching
from yanzhen.engines.matching.candidates import Scores, gather
from yanzhen.engines.matching.contest import Contest
from yanzhen.engines.matching.field import Field, Named
from yanzhen.engines.matching.pairs import Offers, pair
from yanzhen.engines.matching.panels import Panel, assign
from yanzhen.engines.matching.repair import Standing, repair
from yanzhen.engines.matching.shortlist import shortlist

Say = Callable[[str], None]
UNSERVED = 50_000


def run(say: Say) -> None:
    panels(say)
    repairs(say)
    pairs(say)
    lists(say)


def panels(say: Say) -> None:
    dense = _matching.alone("dense")
    say(f"panel, every pair an arc ({dense['arcs']:,}): {_costs(dense)}, missing {dense['missing']}")
    for case in ("panel", "capped", "floor"):
        found = _matching.alone(case)
        say(
            f"{case}: {_costs(found)}, {(1 - found['total'] / dense['total']):.4%} below the dense optimum, proven"
            f" within {found['gap']:.4%} of its own, weakest pair {found['weakest'] / 1e6:.2f}, missing {found['missing']},"
            f" CPU {found['cpu'] / dense['cpu']:.2f} x and memory {found['peak'] / dense['peak']:.2f} x the dense"
        )
    field = _matching.field()
    for name, way in (("best pair first", _by_pair), ("row by row, as in a spreadsheet", _by_row)):
        begun = time.process_time()
        total, missing, weakest = way(field)
        say(
            f"{name}: {time.process_time() - begun:.1f} s CPU, {(1 - total / dense['total']):.2%} below,"
            f" weakest pair {weakest / 1e6:.2f}, missing {missing}"
        )


def repairs(say: Say) -> None:
    """Twelve judges leave and 400 conflicts come to light after a third of the marks is filed."""
    field, dice = _matching.field(), np.random.default_rng(3)
    panel, other = (assign(field, seed=seed) for seed in (7, 8))
    say(f"another seed changes {1 - _common(panel, other):.1%} of the pairs, the total by"
        f" {abs(panel.total - other.total) / panel.total:.4%}")  # fmt: skip
    late = dice.choice(len(panel.judges), 400, replace=False)
    known = replace(field, bars=(*field.bars, Named("late", panel.applications[late], panel.judges[late])))
    standing = Standing(panel.applications, panel.judges, dice.random(len(panel.judges)) < 1 / 3)
    begun = time.process_time()
    found = repair(known, standing, gone=dice.choice(field.judges.keys, 12, replace=False), seed=9)
    holes = len(found.released) + len(found.voided)
    filled = len(found.panel.judges)
    say(
        f"repair: {time.process_time() - begun:.2f} s CPU, {holes:,} holes, {filled:,} filled, the rest stays"
    )


def pairs(say: Say) -> None:
    offered = _matching.offers()
    begun = time.process_time()
    found = pair(offered, unserved=UNSERVED, seed=7)
    ours = time.process_time() - begun
    price, without, taken = _nearest_first(offered)
    say(
        f"{len(offered.seekers):,} apprentices, {len(offered.holders):,} mentors, {len(offered.misfits):,} pairs:"
        f" {ours:.1f} s CPU, {len(found.unserved):,} unserved, optimal;"
        f" nearest first: {taken:.1f} s, {without:,} unserved, price {price / found.price - 1:+.1%}"
    )


def lists(say: Say) -> None:
    contest = _matching.contest()
    begun = time.process_time()
    found = shortlist(contest)
    cost = time.process_time() - begun
    why = {kind: sum(r.why == kind for r in found.reasons) for kind in ("rule", "cell", "below", "tied")}
    say(
        f"shortlist {len(contest.keys):,} -> {contest.places}, proven optimal, uniqueness and reasons included:"
        f" {cost:.1f} s CPU, left out by {why}"
    )
    for name, way in (
        ("best score first, caps kept", _best_first),
        ("by city, then swapped, as in a spreadsheet", _swapped),
    ):
        chosen = way(contest)
        total = int(contest.scores[chosen].sum())
        broken = [b.rule for b in contest.bounds() if not b.low <= chosen[b.members].sum() <= b.high]
        ratios = sum(rule.kind == "ratio" for rule in broken)
        say(
            f"{name}: {chosen.sum()} chosen, total {total / found.total - 1:+.2%}, {ratios} of 5 ratios"
            f" and {len(broken) - ratios} other rules broken"
        )


def _costs(found: dict[str, float]) -> str:
    return f"{found['cpu']:.1f} s CPU, peak {found['peak']:.0f} MB"


def _common(one: Panel, other: Panel) -> float:
    sides = [{*zip(p.applications.tolist(), p.judges.tolist(), strict=True)} for p in (one, other)]
    return len(sides[0] & sides[1]) / len(sides[0])


def _by_pair(field: Field) -> tuple[int, int, int]:
    pairs = gather(Scores(field, 7, 0), 120, 30)
    marks, room = field.applications.marks.tolist(), field.judges.most.tolist()
    total, weakest = 0, 2**31
    by = np.argsort(-pairs.scores, kind="stable")
    columns = (pairs.rows[by].tolist(), pairs.columns[by].tolist(), pairs.scores[by].tolist())
    for row, column, score in zip(*columns, strict=True):
        if marks[row] and room[column]:
            marks[row] -= 1
            room[column] -= 1
            total += score
            weakest = score
    return total, sum(marks), weakest


def _by_row(field: Field) -> tuple[int, int, int]:
    room, total, missing, weakest = field.judges.most.copy(), 0, 0, 2**31
    for block, values, _draws in Scores(field, 7, 0).blocks():
        for row, scores in zip(block, values, strict=True):
            free = np.where(room > 0, np.maximum(scores, -1), -1)
            best = np.argpartition(-free, _matching.MARKS)[: _matching.MARKS]
            best = best[free[best] >= 0]
            room[best] -= 1
            total += int(free[best].sum())
            missing += int(field.applications.marks[row]) - len(best)
            weakest = min(weakest, int(free[best].min(initial=2**31 - 1)))
    return total, missing, weakest


def _nearest_first(offers: Offers) -> tuple[int, int, float]:
    begun = time.process_time()
    by = np.argsort(offers.misfits, kind="stable")
    room = dict(zip(offers.holders.tolist(), offers.places.tolist(), strict=True))
    served, price = set(), 0
    columns = (offers.pairs[0][by].tolist(), offers.pairs[1][by].tolist(), offers.misfits[by].tolist())
    for seeker, holder, misfit in zip(*columns, strict=True):
        if seeker not in served and room[holder]:
            served.add(seeker)
            room[holder] -= 1
            price += misfit
    without = len(offers.seekers) - len(served)
    return price + UNSERVED * without, without, time.process_time() - begun


def _best_first(contest: Contest) -> np.ndarray:
    """Take the best as long as no rule has too many; what must be there at least is not looked at."""
    of: list[list[int]] = [[] for _ in contest.keys]
    room = []
    for number, bound in enumerate(contest.bounds()):
        room.append(bound.high)
        for member in bound.members.tolist():
            of[member].append(number)
    chosen = np.zeros(len(of), np.bool_)
    for each in np.argsort(contest.ranks).tolist():
        if all(room[number] for number in of[each]):
            chosen[each] = True
            for number in of[each]:
                room[number] -= 1
    return chosen


def _swapped(contest: Contest) -> np.ndarray:
    """Fill each city by score, then for each ratio in turn swap within cities, the last for the next."""
    chosen = np.zeros(len(contest.keys), np.bool_)
    cells = contest.cells
    assert cells is not None
    order = np.argsort(contest.ranks)
    for group, places in cells.places.items():
        chosen[order[cells.groups[order] == group][:places]] = True
    for ratio in contest.ratios:
        low, high = ratio.bounds(contest.places)
        for turn, wanted in (
            (low - chosen[ratio.members].sum(), True),
            (chosen[ratio.members].sum() - high, False),
        ):
            _swap(contest, chosen, order, ratio.members == wanted, int(turn))
    return chosen


def _swap(contest: Contest, chosen: np.ndarray, order: np.ndarray, wanted: np.ndarray, turns: int) -> None:
    groups = contest.cells.groups
    for out in [each for each in order[::-1] if chosen[each] and not wanted[each]][: max(turns, 0)]:
        for into in order[wanted[order] & ~chosen[order] & (groups[order] == groups[out])][:1]:
            chosen[out], chosen[into] = False, True
