"""A preliminary and a final: what counts at which shortlist, who takes part, and what stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.panels import at, judges, marks, panel_programme, reviewed
from tests.results import jury, over
from tests.selection import open_round, organiser, programme, province
from yanzhen.engines.programmes import quotas
from yanzhen.engines.programmes.actions import editing, rounds
from yanzhen.engines.programmes.declare import Programme, Quota, Scoring, read
from yanzhen.engines.programmes.models import Application, Definition, Round, Window
from yanzhen.engines.programmes.notices import publishing
from yanzhen.engines.programmes.panels.actions import judging, marking, running
from yanzhen.engines.programmes.panels.models import Assignment, Sheet
from yanzhen.engines.programmes.panels.refusals import MarkRefused, RunRefused
from yanzhen.engines.programmes.results import actions
from yanzhen.engines.programmes.results import queries as standing
from yanzhen.engines.programmes.results.models import Seat, ShortlistRun
from yanzhen.engines.programmes.stages import Apply, Assign, Decide, Mark, Notice, Shortlist, Vote
from yanzhen.engines.programmes.totals import place_anew
from yanzhen.foundation import calendar, crypto, parameters
from yanzhen.foundation.errors import DeclarationError, Invalid
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db
FIRST, SECOND = (90, 80, 70, 60), (60, 80, 75)
"""What both judges give for skill, by application: four in the preliminary, three of them in the final."""


@pytest.fixture
def actor() -> Account:
    cache.clear()
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()
    return organiser()


def two_legs(*, counts: tuple[str, ...] = (), weights: tuple[int, int] = (40, 60), **more: Any) -> Programme:
    return replace(
        panel_programme(),
        quota=Quota(places=1, by=""),
        ratios=(),
        per_employer=0,
        stages=(
            Apply(code="apply", label="申报"),
            Assign(code="assign", label="分配初赛评委", each=2, per_city=0),
            Mark(code="mark", label="初赛打分", weight=Decimal(weights[0])),
            Shortlist(code="heat", label="初赛入围", places=3),
            Assign(code="assign2", label="分配决赛评委", each=2, per_city=0),
            Mark(code="mark2", label="决赛打分", weight=Decimal(weights[1])),
            Shortlist(code="final", label="决赛名单", counts=counts),
            Notice(code="notice", label="公示"),
            Decide(code="decide", label="认定"),
        ),
        **more,
    )


class Walk:
    """A round that its organiser turns from stage to stage."""

    def __init__(self, actor: Account, made: Programme) -> None:
        self.actor = actor
        self.round = open_round(actor, made)
        quotas.deal(self.round, {}, actor=actor)
        self.rows = reviewed(self.round, len(FIRST))
        judges(self.round, actor, 3)
        Window.objects.filter(round=self.round, stage="apply").update(closes_at=timezone.now())
        self.turn()

    def turn(self) -> Round:
        turned = rounds.turn(self.round, actor=self.actor)
        return self.at(turned.stage)

    def at(self, stage: str) -> Round:
        self.round = at(self.round, stage)
        return self.round

    def judged(self, values: tuple[int, ...]) -> None:
        """Fill the panels of the stage, mark, and adopt the scores."""
        assigning = self.round.stage
        judging.fill_panels(self.round, actor=self.actor)
        self.turn()
        given = dict(zip([row.pk for row in self.rows], values, strict=False))
        for held in Assignment.objects.filter(stage=assigning).select_related("judge__account"):
            marking.file(held, marks(given[held.application_id]), actor=held.judge.account)
        running.adopt(running.run(self.round, actor=self.actor), actor=self.actor)
        self.turn()

    def listed(self) -> ShortlistRun:
        run = actions.run_shortlist(self.round, actor=self.actor)
        actions.adopt_shortlist(run, actor=self.actor)
        return run

    def stands(self) -> list[tuple[Any, ...]]:
        rows = Application.objects.filter(round=self.round).order_by("pk")
        return list(rows.values_list("state", "score", "place"))


def percent(skill: int) -> Decimal:
    """What `marks` comes to: 60 % of the skill and 40 % of the second of three steps above none."""
    return Decimal(skill) * Decimal("0.6") + Decimal(40) * 2 / 3


def test_a_preliminary_and_a_final_go_to_the_award(actor: Account) -> None:
    walk = Walk(actor, two_legs())
    walk.judged(FIRST)
    assert walk.stands() == [("review", round(percent(n), 4), place + 1) for place, n in enumerate(FIRST)]
    heat = walk.listed()
    assert [state for state, _score, _place in walk.stands()] == ["review"] * 3 + ["left_out"]
    out = walk.stands()[3]
    assert standing.standing(walk.round) is None

    walk.turn()
    assert walk.stands() == [("review", None, None)] * 3 + [out]
    walk.judged(SECOND)
    totals = [
        round(percent(a) * 4 / 10 + percent(b) * 6 / 10, 4) for a, b in zip(FIRST, SECOND, strict=False)
    ]
    assert walk.stands() == [
        ("review", totals[0], 3),
        ("review", totals[1], 1),
        ("review", totals[2], 2),
        out,
    ]

    final = walk.listed()
    assert [row[0] for row in walk.stands()] == ["left_out", "noticed", "left_out", "left_out"]
    assert set(Seat.objects.filter(run=final).values_list("application", flat=True)) == {
        r.pk for r in walk.rows[:3]
    }
    assert Seat.objects.filter(run=heat).count() == 4
    walk.turn()
    publishing.publish(walk.round, actor=actor)
    walk.round = over(walk.round)
    Window.objects.filter(round=walk.round, stage="notice").update(
        opens_at=timezone.now() - timedelta(days=2), closes_at=timezone.now() - timedelta(days=1)
    )
    walk.turn()
    actions.award(walk.round, actor=jury())
    assert [row[0] for row in walk.stands()] == ["left_out", "awarded", "left_out", "left_out"]


def test_a_mark_of_the_preliminary_that_falls_late_does_not_hold_the_final_up(actor: Account) -> None:
    walk = Walk(actor, two_legs())
    walk.judged(FIRST)
    walk.listed()
    walk.turn()
    first = Sheet.objects.filter(assignment__application=walk.rows[0]).first()
    assert first is not None

    marking.void(first, why="评委事后说明看错", actor=actor)
    walk.judged(SECOND)

    assert walk.round.stage == "final"
    with pytest.raises(MarkRefused):
        marking.file(first.assignment, marks(99), actor=first.assignment.judge.account)


def test_a_final_that_names_its_own_marks_begins_from_nothing(actor: Account) -> None:
    walk = Walk(actor, two_legs(counts=("mark2",), weights=(100, 100)))
    walk.judged(FIRST)
    walk.listed()
    walk.turn()
    walk.judged(SECOND)

    assert [score for _state, score, _place in walk.stands()[:3]] == [round(percent(n), 4) for n in SECOND]
    assert [place for _state, _score, place in walk.stands()] == [3, 1, 2, 4]


def test_what_a_preliminary_gave_is_fixed_once_its_list_is_adopted(actor: Account) -> None:
    walk = Walk(actor, two_legs())
    walk.judged(FIRST)
    walk.listed()
    with pytest.raises(RunRefused, match="入围名单已经采用"):
        running.adopt(running.run(walk.round, actor=actor), actor=actor)
    before = walk.stands()
    place_anew(walk.round)
    assert walk.stands() == before

    walk.turn()
    heat = walk.round.score_runs.get(stage="mark", adopted_at__isnull=False)
    assert running.computed_again(heat).result.hash == heat.result_hash
    with pytest.raises(RunRefused, match="入围名单已经采用"):
        running.adopt(heat, actor=actor)


def test_the_preliminary_tells_equal_totals_of_the_final_apart_where_the_rule_says_so(actor: Account) -> None:
    made = two_legs(counts=("mark2",), weights=(100, 100), scoring=Scoring(ties=("earlier", "ex_aequo")))
    walk = Walk(actor, made)
    walk.judged(FIRST)
    walk.listed()
    walk.turn()
    walk.judged((80, 80, 80))

    assert [place for _state, _score, place in walk.stands()[:3]] == [1, 2, 3]


def test_a_final_without_marks_of_its_own_begins_with_what_it_carries(actor: Account) -> None:
    made = two_legs(weights=(100, 0))
    stages = tuple(stage for stage in made.stages if stage.code not in ("assign2", "mark2"))
    walk = Walk(actor, replace(made, stages=stages))
    walk.judged(FIRST)
    walk.listed()
    walk.turn()

    assert [(score, place) for _state, score, place in walk.stands()[:3]] == [
        (round(percent(n), 4), place + 1) for place, n in enumerate(FIRST[:3])
    ]


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ({"final": {"counts": ("mark2",)}}, "“决赛名单”所计的打分、投票、考察的权重合计须为 100，现为 60"),
        ({"heat": {"counts": ("mark2",)}}, "mark2 不是在它之前计分的环节"),
        ({"final": {"counts": ("nothing",)}}, "nothing 不是在它之前计分的环节"),
        ({"mark2": {"weight": Decimal(100)}, "final": {"counts": ("mark2",)}, "heat": {"counts": ("nothing",)}},
         "“初赛打分”有权重而没有入围名单计入它"),
    ],
)  # fmt: skip
def test_a_final_that_contradicts_itself_is_refused(stages: dict[str, dict[str, Any]], said: str) -> None:
    form = two_legs().plain()
    for stage in form["stages"]:
        stage |= {
            name: str(v) if isinstance(v, Decimal) else v for name, v in stages.get(stage["code"], {}).items()
        }

    with pytest.raises(Invalid, match=said):
        read(form)


def test_a_second_marking_needs_judges_of_its_own_and_a_list() -> None:
    form = two_legs().plain()
    form["stages"] = [stage for stage in form["stages"] if stage["code"] not in ("assign2", "final")]

    with pytest.raises(Invalid) as refused:
        read(form)

    assert "“决赛打分”之前须另有分配评委的环节" in refused.value.message
    assert "“决赛打分”之后须有确定入围名单的环节" in refused.value.message


def test_a_vote_stays_under_its_cap_where_less_than_the_whole_is_counted() -> None:
    made = two_legs()
    vote = Vote(code="vote", label="网络投票", weight=Decimal(10))
    first = replace(made.stages[2], weight=Decimal(30))

    with pytest.raises(DeclarationError, match="网络投票在“初赛入围”所计的权重中至多占 10%，现为 10 比 40"):
        replace(made, stages=(*made.stages[:2], first, vote, *made.stages[3:]))


def test_an_older_form_without_the_field_reads_as_it_did_and_is_no_change(actor: Account) -> None:
    form = programme().plain()
    for stage in form["stages"]:
        stage.pop("counts", None)
    kept = Definition.objects.create(
        code="test_award", version=1, label="旧版", region=province(), line_id="union", form=form, digest="0" * 64, made_by=actor,
        made_at=timezone.now(),
    )  # fmt: skip

    assert kept.programme == programme()
    assert kept.programme.counted(kept.programme.leads_to("apply")) == [kept.programme.stage("mark")]
    with pytest.raises(Invalid, match="一字不差"):
        editing.change(kept, programme().plain(), why="没有改动", actor=actor)
