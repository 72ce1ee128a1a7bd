from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from yanzhen.engines.matching.conflicts import Conflict
from yanzhen.engines.matching.contest import Bound, Cells, Contest, Kind, Limit, Ratio, Rule
from yanzhen.engines.matching.reasons import Broken, Reason, Why
from yanzhen.engines.matching.shortlist import shortlist


@st.composite
def contests(draw, *, strict: bool = False) -> Contest:
    n = draw(st.integers(1, 9))
    some = lambda low, high: np.array(  # noqa: E731  # a strategy of arrays
        draw(st.lists(st.integers(low, high), min_size=n, max_size=n)), np.int64
    )
    scores, lot = some(0, 4), np.array(draw(st.permutations(range(n))))
    tie = lot if strict or draw(st.booleans()) else some(0, 1)
    order = sorted(range(n), key=lambda i: (-scores[i], tie[i]))
    ranks, rank = np.zeros(n, np.int64), 0
    for at, i in enumerate(order):
        level = at and (scores[i], tie[i]) == (scores[order[at - 1]], tie[order[at - 1]])
        rank = rank if level else at + 1
        ranks[i] = rank
    places = draw(st.integers(0, min(n, 4)))
    first = draw(st.integers(0, places))
    cells = Cells("city", some(0, 1), {0: first, 1: places - first}) if draw(st.booleans()) else None
    ratios = (
        Ratio("women", some(0, 1).astype(bool), least=Fraction(draw(st.integers(0, 2)), 4)),
        Ratio("leaders", some(0, 1).astype(bool), most=Fraction(draw(st.integers(1, 4)), 4)),
    )
    limits = (Limit("enterprise", some(-1, 3), draw(st.integers(1, 2))),)
    return Contest(
        np.arange(n) + 70, scores, ranks, places, cells, ratios[: draw(st.integers(0, 2))], limits[: draw(st.integers(0, 1))]
    )  # fmt: skip


def keeps(bounds: list[Bound], chosen: tuple[int, ...]) -> bool:
    return all(b.low <= len({*b.members.tolist()} & {*chosen}) <= b.high for b in bounds)


def lists(contest: Contest, bounds: list[Bound]) -> list[tuple[int, ...]]:
    return [c for c in combinations(range(len(contest.keys)), contest.places) if keeps(bounds, c)]


def behind(contest: Contest, i: int) -> int:
    """Count the ranks behind this one among those of the same score."""
    level = contest.ranks[contest.scores == contest.scores[i]]
    return len({*level[level > contest.ranks[i]].tolist()})


def best(contest: Contest) -> list[set[int]]:
    worth = lambda c: (sum(contest.scores[i] for i in c), sum(behind(contest, i) for i in c))  # noqa: E731
    every = lists(contest, list(contest.bounds()))
    top = max(map(worth, every), default=None)
    return [set(c) for c in every if worth(c) == top]


@settings(deadline=None, max_examples=200)
@given(contests())
def test_a_shortlist_is_one_of_the_best_and_names_everyone_whom_another_best_would_change(contest):
    found, every = shortlist(contest), best(contest)

    chosen = {*(found.chosen - 70).tolist()}
    assert (chosen in every) if every else (not chosen and found.conflicts != ())
    assert {*(found.tied - 70).tolist()} == {i for other in every for i in other ^ chosen}


@settings(deadline=None, max_examples=100)
@given(contests())
def test_everyone_left_out_has_a_reason_and_each_is_true(contest):
    found = shortlist(contest)
    assume(not found.conflicts)
    chosen = {*(found.chosen - 70).tolist()}
    bounds = {b.rule: b for b in contest.bounds()}

    assert [r.candidate - 70 for r in found.reasons] == [
        i for i in range(len(contest.keys)) if i not in chosen
    ]
    for reason in found.reasons:
        own = reason.candidate - 70
        below = {j for j in chosen if contest.ranks[j] > contest.ranks[own]}
        assert (reason.why is Why.TIED) == (reason.candidate in found.tied)
        assert below or reason.why in {Why.BELOW, Why.TIED}
        assert (reason.instead is not None) == bool(below)
        for broken in reason.broken:
            after = chosen - {reason.instead - 70} | {own}
            if broken.rule in bounds:
                would = len({*bounds[broken.rule].members.tolist()} & after)
                assert (broken.would, broken.low, broken.high) == (
                    would,
                    bounds[broken.rule].low,
                    bounds[broken.rule].high,
                )
            assert not broken.low <= broken.would <= broken.high
        if below:
            assert reason.broken or reason.why is Why.TIED


@settings(deadline=None, max_examples=100)
@given(contests(strict=True))
def test_a_score_above_what_was_needed_would_have_been_enough(contest):
    found = shortlist(contest)
    for reason in found.reasons:
        if reason.needed is None:
            continue
        at = contest.keys == reason.candidate
        scores = np.where(at, max(reason.needed + 1, contest.scores[at][0]), contest.scores)
        order = np.lexsort((contest.ranks, -scores))
        ranks = np.zeros(len(order), np.int64)
        ranks[order] = np.arange(len(order)) + 1

        again = shortlist(replace(contest, scores=scores, ranks=ranks))

        assert reason.candidate in again.chosen or scores[at][0] == contest.scores[at][0]


@settings(deadline=None, max_examples=100)
@given(contests())
def test_rules_in_conflict_are_a_smallest_set(contest):
    found = shortlist(contest)
    named = [c.rule for c in found.conflicts]
    bounds = [b for b in contest.bounds() if _name(b.rule) in named]

    assert found.feasible == (lists(contest, list(contest.bounds())) != [])
    assert found.feasible == (lists(contest, bounds) != [])
    for rule in named:
        assert lists(contest, [b for b in bounds if _name(b.rule) != rule]) != []


def _name(rule: Rule) -> Rule:
    return Rule(rule.kind, rule.code) if rule.kind is Kind.LIMIT else rule


@settings(deadline=None, max_examples=60)
@given(contests(), st.integers(0, 99))
def test_the_order_of_rows_decides_nothing(contest, seed):
    by = np.random.default_rng(seed).permutation(len(contest.keys))
    turned = Contest(
        contest.keys[by], contest.scores[by], contest.ranks[by], contest.places,
        contest.cells and Cells("city", contest.cells.groups[by], contest.cells.places),
        tuple(replace(r, members=r.members[by]) for r in contest.ratios),
        tuple(replace(x, groups=x.groups[by]) for x in contest.limits),
    )  # fmt: skip

    one, other = shortlist(contest), shortlist(turned)

    assert (one.chosen.tolist(), one.tied.tolist(), one.reasons, one.conflicts, one.input) == (
        other.chosen.tolist(), other.tied.tolist(), other.reasons, other.conflicts, other.input,
    )  # fmt: skip


def a_contest(scores: list[int], places: int, **rules) -> Contest:
    ranks = np.argsort(np.argsort(-np.array(scores), kind="stable")) + 1
    return Contest(np.arange(len(scores)) + 1, np.array(scores), rules.pop("ranks", ranks), places, **rules)


def test_equal_ranks_at_the_line_are_told_and_not_decided():
    found = shortlist(a_contest([90, 80, 80, 70], 2, ranks=np.array([1, 2, 2, 4])))

    assert found.tied.tolist() == [2, 3]
    assert found.ambiguous
    assert [r.why for r in found.reasons] == [Why.TIED, Why.BELOW]


def test_a_tie_that_the_chain_broke_is_settled_by_the_rank():
    found = shortlist(a_contest([90, 80, 80, 70], 2, ranks=np.array([1, 3, 2, 4])))

    assert found.chosen.tolist() == [1, 3]
    assert not found.ambiguous


def test_who_stands_above_the_line_of_another_city_reads_that_the_own_is_full():
    cells = Cells("city", np.array([0, 0, 1]), {0: 1, 1: 1})

    found = shortlist(a_contest([90, 80, 70], 2, cells=cells))

    city = [Broken(Rule(Kind.CELL, "city", g), would, 1, 1) for g, would in ((0, 2), (1, 0))]
    assert found.reasons == (
        Reason(2, Why.CELL, 80, line=90, instead=3, broken=tuple(city), rules=(), needed=90),
    )


def test_who_is_displaced_by_a_share_reads_which_and_by_how_many():
    women = Ratio("women", np.array([False, False, True]), least=Fraction(1, 2))

    found = shortlist(a_contest([90, 80, 70], 2, ratios=(women,)))

    rule = Rule(Kind.RATIO, "women")
    assert found.reasons == (
        Reason(
            2, Why.RULE, 80, line=70, instead=3, broken=(Broken(rule, 0, 1, 2),), rules=(rule,), needed=90
        ),
    )


def test_who_is_displaced_by_the_limit_of_the_enterprise_reads_it():
    limit = Limit("enterprise", np.array([5, 5, 5, -1]), 2)

    found = shortlist(a_contest([90, 80, 75, 70], 3, limits=(limit,)))

    rule = Rule(Kind.LIMIT, "enterprise", 5)
    assert found.reasons == (
        Reason(
            3, Why.RULE, 75, line=70, instead=4, broken=(Broken(rule, 3, 0, 2),), rules=(rule,), needed=80
        ),
    )


def test_shares_that_can_not_be_kept_together_are_named_and_the_others_are_not():
    front = np.array([True, True, False, False])
    ratios = (
        Ratio("front", front, least=Fraction(3, 4)),
        Ratio("leaders", ~front, least=Fraction(1, 2)),
        Ratio("women", np.array([True, False, True, False]), least=Fraction(1, 4)),
    )

    found = shortlist(a_contest([9, 8, 7, 6], 4, ratios=ratios))

    assert found.conflicts == (Conflict(Rule(Kind.RATIO, "front"), 3, 4, 2),)
    assert found.chosen.tolist() == []
    assert found.reasons == ()


def test_more_places_than_candidates_is_no_list_and_no_rule_is_to_blame():
    found = shortlist(a_contest([9, 8], 3))

    assert (found.chosen.tolist(), found.conflicts, found.feasible) == ([], (), False)


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        ({"ranks": np.array([2, 1, 3])}, "contradicts a score"),
        ({"ranks": np.array([1, 1, 3])}, "contradicts a score"),
        ({"cells": Cells("city", np.array([0, 0, 0]), {0: 1})}, "have 1 places, not 2"),
        ({"ratios": (Ratio("women", np.array([True]), Fraction(1, 2)),)}, "rows"),
    ],
)
def test_a_contest_that_contradicts_itself_is_refused(rules, word):
    with pytest.raises(ValueError, match=word):
        a_contest([90, 80, 70], 2, **rules)
