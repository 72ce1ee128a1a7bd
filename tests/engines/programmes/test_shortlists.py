"""The shortlist: proven, frozen, explained to the last one, refused where it is tied or rules contradict each other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from django.db import DatabaseError
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import AccountFactory, LineFactory
from tests.results import adopted, at_stage, dealt, jury, ranked, ready
from tests.selection import enterprise, programme
from yanzhen.engines.matching import contest as matching
from yanzhen.engines.matching.shortlist import shortlist
from yanzhen.engines.programmes import quotas
from yanzhen.engines.programmes.actions import rounds
from yanzhen.engines.programmes.actions.editing import RoundRefused
from yanzhen.engines.programmes.declare import Ratio
from yanzhen.engines.programmes.models import Application, Inspection, QuotaCell
from yanzhen.engines.programmes.results import actions, queries
from yanzhen.engines.programmes.results.models import Seat, ShortlistRun
from yanzhen.engines.programmes.results.settling import settled
from yanzhen.engines.programmes.results.solving import RulesConflict, ShortlistRefused, ShortlistTied
from yanzhen.foundation.errors import NotAllowed

pytestmark = pytest.mark.django_db
SIX = ("3701", "3701", "3701", "3702", "3702", "3702")


def states(rows: list[Application]) -> list[str]:
    found = dict(Application.objects.values_list("pk", "state"))
    return [found[row.pk] for row in rows]


def sentences(run: ShortlistRun) -> list[str]:
    return list(run.seats.filter(chosen=False).order_by("application_id").values_list("sentence", flat=True))


def test_the_best_of_each_cell_are_chosen_and_each_other_reads_why() -> None:
    made = ready()

    run = actions.run_shortlist(made.round, actor=made.organiser)

    assert [seat.chosen for seat in run.seats.order_by("application_id")] == [
        True,
        True,
        False,
        True,
        True,
        False,
    ]
    assert sentences(run) == [
        "得 93.06 分，列第 3 名；济南市的 2 个名额由排在前面的入围（入围最低 94.03 分），其他单元的名额不能占用。",
        "得 90.15 分，列第 6 名；青岛市入围 2 人都排在前面（入围最低 91.12 分）。",
    ]
    assert states(made.rows) == ["review"] * 6


def test_an_adopted_list_moves_everybody_and_tells_who_was_left_out_why() -> None:
    made = ready()
    run = actions.run_shortlist(made.round, actor=made.organiser)

    actions.adopt_shortlist(run, actor=made.organiser)

    assert states(made.rows) == ["noticed", "noticed", "left_out", "noticed", "noticed", "left_out"]
    left = Application.objects.get(pk=made.rows[2].pk)
    assert (left.chosen, left.outcome) == (False, sentences(run)[0])
    assert queries.differs(made.round) is None
    assert run.seats.get(application=left).sentence == left.outcome


def test_everybody_left_out_has_a_reason_and_the_database_asks_for_it() -> None:
    made = ready()
    run = actions.run_shortlist(made.round, actor=made.organiser)

    assert not run.seats.filter(chosen=False, sentence="").exists()
    with pytest.raises(DatabaseError, match="seat_left_out_says_why"):
        Seat.objects.create(
            run=ready_run(made.rows[0]), application=made.rows[0], chosen=False, reason="below"
        )


def ready_run(row: Application) -> ShortlistRun:
    return ShortlistRun.objects.create(
        round=row.round, stage="shortlist", places=0, input_hash="", result_hash="", objective=0, solver="",
        at=row.started_at, by=AccountFactory(),
    )  # fmt: skip


def test_a_seat_is_never_changed() -> None:
    made = ready()
    run = actions.run_shortlist(made.round, actor=made.organiser)

    with pytest.raises(DatabaseError, match=r"append-only|permission denied"):
        run.seats.update(sentence="改写")


def test_who_ranks_above_the_line_reads_which_rule_displaced_and_which_mark_was_needed() -> None:
    share = Ratio(code="front", label="一线职工", trait="front_line", least=Decimal(75))
    traits = [[], [], ["front_line"], ["front_line"], ["front_line"], ["front_line"]]
    made = ready(made=programme(ratios=(share,), per_employer=0), traits=traits)

    run = actions.run_shortlist(made.round, actor=made.organiser)

    displaced = run.seats.get(application=made.rows[1])
    assert (displaced.chosen, displaced.reason) == (False, "rule")
    assert displaced.sentence == (
        "得 94.03 分，列第 2 名；排在济南市部分入围者之前（入围最低 93.06 分），但替换其中任何一人都不合规则："
        "一线职工至少 3 人，将只有 2 人；在这份名单上须高于 95 分。"
    )


def test_at_most_so_many_of_one_enterprise() -> None:
    unit = enterprise("370102")
    units = [unit, unit, enterprise("370102"), *(enterprise("370202") for _ in range(3))]
    made = ready(made=programme(ratios=(), per_employer=1), units=units)

    run = actions.run_shortlist(made.round, actor=made.organiser)

    second = run.seats.get(application=made.rows[1])
    assert [seat.chosen for seat in run.seats.order_by("application_id")] == [
        True,
        False,
        True,
        True,
        True,
        False,
    ]
    assert "同一单位至多 1 人，已有 1 人入围" in second.sentence


def test_equal_ones_at_the_line_are_named_and_nothing_is_kept() -> None:
    made = ready()
    Application.objects.filter(pk=made.rows[2].pk).update(score=made.rows[1].score, place=made.rows[1].place)

    with pytest.raises(ShortlistTied) as refusal:
        actions.run_shortlist(made.round, actor=made.organiser)

    assert refusal.value.data["tied"] == [made.rows[1].number, made.rows[2].number]
    assert not ShortlistRun.objects.exists()


def test_of_lists_with_one_total_the_best_places_are_on_it() -> None:
    share = Ratio(code="front", label="一线职工", trait="front_line", least=Decimal(75))
    traits = [[], [], *([["front_line"]] * 3)] * 2
    made = ready(
        ("3701",) * 5 + ("3702",) * 5, made=programme(ratios=(share,), per_employer=0), traits=traits
    )

    run = actions.run_shortlist(made.round, actor=made.organiser)

    # first and third in 3701 with eighth and ninth, or third and fourth with sixth and eighth, make one total
    on = [seat.place for seat in run.seats.filter(chosen=True)]
    assert on == [1, 3, 8, 9]
    assert run.seats.get(application=made.rows[5]).reason == "rule"


@settings(max_examples=60, deadline=None)
@given(
    scores=st.lists(st.integers(1, 6), min_size=4, max_size=9),
    front=st.lists(st.booleans(), min_size=9, max_size=9),
    low=st.integers(0, 3),
    ties=st.booleans(),
)
def test_the_list_is_the_best_and_of_the_best_the_first_by_place(
    scores: list[int], front: list[bool], low: int, ties: bool
) -> None:
    scores, n, places = sorted(scores, reverse=True), len(scores), 3
    ranks = [1 + sum(other > score for other in scores) for score in scores] if ties else [*range(1, n + 1)]
    ratio = matching.Ratio("front", np.array(front[:n], np.bool_), least=Fraction(low, places))
    contest = matching.Contest(np.arange(n), np.array(scores), np.array(ranks), places, ratios=(ratio,))
    lists = [c for c in combinations(range(n), places) if sum(front[i] for i in c) >= low]
    best = max((sum(scores[i] for i in c) for c in lists), default=0)
    found = settled(contest, shortlist(contest))

    keys = sorted({tuple(ranks[i] for i in c) for c in lists if sum(scores[i] for i in c) == best})
    firsts = [c for c in lists if sum(scores[i] for i in c) == best and tuple(ranks[i] for i in c) == keys[0]]
    assert found.feasible == bool(lists)
    assert found.ambiguous == (len(firsts) > 1)
    assert not firsts or found.ambiguous or tuple(found.chosen.tolist()) == firsts[0]


def test_rules_that_no_list_can_keep_are_named() -> None:
    share = Ratio(code="front", label="一线职工", trait="front_line", least=Decimal(75))
    traits = [["front_line"], ["front_line"], [], [], [], []]
    made = ready(made=programme(ratios=(share,), per_employer=0), traits=traits)

    with pytest.raises(RulesConflict) as refusal:
        actions.run_shortlist(made.round, actor=made.organiser)

    assert refusal.value.data["rules"] == ["一线职工不低于 75%（3 人），参加排名的有 2 人"]


def test_a_cell_that_can_not_fill_its_places_is_named_and_its_places_come_back() -> None:
    made = ready(("3701", "3701", "3701", "3702"))

    with pytest.raises(RulesConflict, match="青岛市应入围 2 人，参加排名的有 1 人"):
        actions.run_shortlist(made.round, actor=made.organiser)
    quotas.give_back(
        QuotaCell.objects.get(round=made.round, code="3702"), 1, why="只有一件", actor=made.organiser
    )

    assert actions.run_shortlist(made.round, actor=made.organiser).places == 3


def test_not_marked_is_never_before_a_mark() -> None:
    made = ready()
    Application.objects.filter(pk=made.rows[0].pk).update(score=None, place=None)

    run = actions.run_shortlist(made.round, actor=made.organiser)

    seat = run.seats.get(application=made.rows[0])
    assert (seat.chosen, seat.reason) == (False, "unscored")


def test_what_an_inspection_did_not_pass_is_left_out_for_that_reason() -> None:
    made = ready()
    row = made.rows[0]
    Application.objects.filter(pk=row.pk).update(place=None)
    Inspection.objects.create(
        application=row, stage="inspect", visited_on=date(2026, 11, 1), members="考察组", seen="与申报的内容不符",
        passed=False, filed_by=made.organiser, filed_at=timezone.now(),
    )  # fmt: skip

    run = actions.run_shortlist(made.round, actor=made.organiser)

    seat = run.seats.get(application=row)
    assert (seat.chosen, seat.reason, seat.sentence) == (False, "not_passed", "实地考察未通过，不参加排名。")


def test_the_same_input_gives_the_same_list_and_another_is_not_adopted() -> None:
    made = ready()
    first, second = (actions.run_shortlist(made.round, actor=made.organiser) for _ in range(2))
    assert (first.input_hash, first.result_hash) == (second.input_hash, second.result_hash)

    with pytest.raises(ShortlistRefused, match="最近一次"):
        actions.adopt_shortlist(first, actor=made.organiser)
    Application.objects.filter(pk=made.rows[0].pk).update(score=99)
    with pytest.raises(ShortlistRefused, match="重新运行"):
        actions.adopt_shortlist(second, actor=made.organiser)
    assert states(made.rows) == ["review"] * 6


def test_who_does_not_run_the_round_gets_no_list() -> None:
    made = ready()
    another_line = AccountFactory(grants=[(made.round.region, LineFactory(code="justice"), "round.run")])

    for stranger in (another_line, jury()):
        with pytest.raises(NotAllowed):
            actions.run_shortlist(made.round, actor=stranger)


def test_a_round_waits_for_its_shortlist() -> None:
    made = ready()

    with pytest.raises(RoundRefused, match="还没有采用入围名单"):
        rounds.turn(made.round, actor=made.organiser)
    run = actions.run_shortlist(made.round, actor=made.organiser)
    actions.adopt_shortlist(run, actor=made.organiser)

    assert rounds.turn(made.round, actor=made.organiser).stage == "notice"


def test_a_programme_without_places_dealt_says_so() -> None:
    round_, actor = dealt()
    ranked(round_, SIX)
    round_.cells.all().delete()

    with pytest.raises(quotas.QuotaRefused, match="还没有分配名额"):
        actions.run_shortlist(at_stage(round_, "shortlist"), actor=actor)


def test_nobody_is_awarded_who_was_not_before_the_public() -> None:
    made = adopted()
    round_ = at_stage(made.round, "decide")

    with pytest.raises(actions.DecisionRefused, match="还没有公示"):
        actions.award(round_, actor=jury())
    assert states(made.rows).count("awarded") == 0
