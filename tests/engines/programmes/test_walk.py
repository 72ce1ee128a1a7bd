"""An application walks its round: from a preset as data to what the city put forward."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.selection import (
    ANSWERS,
    applied,
    enterprise,
    open_round,
    organiser,
    programme,
    unit_account,
    worker,
)
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.refusals import MoveNotAllowed, MoveRefused
from yanzhen.engines.programmes import eligibility, queries
from yanzhen.engines.programmes.actions import applying, editing, rounds
from yanzhen.engines.programmes.declare import read
from yanzhen.engines.programmes.models import Application, Finding, QuotaCell, Round, Window
from yanzhen.engines.programmes.unfold import WHOLE, procedure_of
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Record

pytestmark = pytest.mark.django_db


def test_a_programme_is_the_same_after_its_json_form() -> None:
    given = programme()

    assert read(given.plain()) == given
    assert read(given.plain()).digest() == given.digest()


def test_what_contradicts_itself_is_refused_with_the_sentence() -> None:
    form = programme().plain()
    form["stages"] = [stage for stage in form["stages"] if stage["kind"] != "assign"]

    with pytest.raises(Invalid, match="打分之前须先分配评委"):
        read(form)


def test_each_stage_brings_its_states_and_no_others() -> None:
    procedure = procedure_of(programme(), 7)

    assert [state.code for state in procedure.states] == [
        "draft", "recommend_unit", "recommend_city", "screen", "review", "noticed", "supplement",
        "withdrawn", "declined", "ineligible", "left_out", "not_awarded", "awarded",
    ]  # fmt: skip
    assert {move.code for move in procedure.transitions} < {move.code for move in WHOLE.transitions}


def test_a_new_version_does_not_touch_a_running_round() -> None:
    actor = organiser()
    round_ = open_round(actor)
    form = programme().plain() | {"per_employer": 1}

    made = editing.change(round_.definition, form, why="每家企业至多一人", actor=actor)

    round_ = Round.objects.get(pk=round_.pk)
    assert (made.version, made.programme.per_employer) == (2, 1)
    assert round_.programme.per_employer == 2
    assert round_.digest == round_.programme.digest() != made.digest


def test_an_application_goes_from_the_worker_to_the_review() -> None:
    actor = organiser()
    round_ = open_round(actor)
    unit = enterprise()
    row, account = applied(round_, unit=unit)

    row = applying.submit(row, actor=account)
    assert (row.state, row.eligible) == ("recommend_unit", True)
    row = applying.move_own(row, "recommend_unit", actor=unit_account(unit), note="同意推荐")
    assert row.state == "recommend_city"
    city = AccountFactory(
        grants=[
            (
                RegionFactory(code="370100", level="city"),
                LineFactory(),
                "application.view application.recommend_city",
            )
        ]
    )
    row = advance(row, "recommend_city", actor=city, note="同意推荐，排名第一")
    row = advance(row, "pass_screen", actor=actor)

    assert (row.state, row.procedure_version, row.cell, row.traits) == (
        "review",
        round_.pk,
        "3701",
        ["front_line"],
    )


def test_a_second_application_of_one_person_names_the_first() -> None:
    round_ = open_round(organiser())
    unit = enterprise()
    row, account = applied(round_, unit=unit)

    with pytest.raises(applying.ApplicationRefused, match=row.number):
        applying.apply(round_, person=row.person, organisation=unit, title="再报", actor=account)


def test_another_unit_recommends_nobody_of_this_one() -> None:
    round_ = open_round(organiser())
    row, account = applied(round_)
    row = applying.submit(row, actor=account)

    with pytest.raises(NotAllowed):
        applying.move_own(row, "recommend_unit", actor=unit_account(enterprise("370103")), note="同意")
    with pytest.raises((MoveRefused, MoveNotAllowed), match="所在单位自己的账号"):
        advance(row, "recommend_unit", actor=organiser(), note="同意")


def test_an_open_condition_is_settled_by_a_person_and_a_no_is_not() -> None:
    actor = organiser()
    round_ = open_round(actor)
    unit = enterprise()
    person, account = worker(unit, born_on=date(1950, 1, 1))
    person.employments.all().delete()
    row = applying.apply(round_, person=person, organisation=unit, title="", actor=account).application

    age, employed = row.findings.all()
    assert (age.answer, employed.answer) == (Finding.Answer.NO, Finding.Answer.OPEN)
    with pytest.raises(eligibility.NotOpen):
        eligibility.settle(age, "yes", reason="另有材料", evidence="", actor=actor)
    eligibility.settle(employed, "yes", reason="已核对劳动合同", evidence="合同复印件", actor=actor)
    row.refresh_from_db()
    assert (row.eligible, row.findings.get(order=1).answer) == (False, "yes")
    eligibility.examine(row)
    assert row.findings.get(order=1).settled_by == actor


def test_answers_are_refused_with_a_reason_each() -> None:
    round_ = open_round(organiser())
    row, account = applied(round_)

    with pytest.raises(Invalid) as refusal:
        applying.save_answers(
            row, ANSWERS | {"deeds": "长" * 501, "front_line": "maybe", "nothing": "x"}, actor=account
        )

    assert set(refusal.value.data["fields"]) == {"deeds", "front_line", "nothing"}


def test_after_the_last_day_nobody_applies() -> None:
    actor = organiser()
    round_ = open_round(actor)
    now = timezone.now()
    Window.objects.filter(round=round_, stage="apply").update(
        opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=1)
    )

    with pytest.raises(applying.ApplicationRefused, match="截止"):
        applied(Round.objects.get(pk=round_.pk))


def test_a_round_turns_when_nothing_waits_and_says_what_does() -> None:
    actor = organiser()
    round_ = open_round(actor)
    row, account = applied(round_)
    row = applying.submit(row, actor=account)

    with pytest.raises(editing.RoundRefused, match="截止"):
        rounds.turn(round_, actor=actor)
    Window.objects.filter(round=round_, stage="apply").update(closes_at=timezone.now())
    round_ = rounds.turn(round_, actor=actor)
    assert round_.stage == "recommend"
    with pytest.raises(editing.RoundRefused, match="还有 1 件申报没有办完（待单位推荐 1 件）"):
        rounds.turn(round_, actor=actor)


def test_a_share_that_has_to_be_reached_is_rounded_up_and_one_not_to_be_passed_down():
    round_ = open_round(organiser())
    row, account = applied(round_)
    QuotaCell.objects.create(round=round_, code=row.cell, label="济南市", dealt=2, places=2, nominees=4)
    QuotaCell.objects.create(round=round_, code="", label="省级预留", dealt=2, places=2, nominees=0)
    applying.submit(row, actor=account)
    Application.objects.filter(pk=row.pk).update(state="screen")

    said = [standing["said"] for standing in queries.composition(round_, cell=row.cell)["ratios"]]

    assert said == ["一线职工至少 3 人，已有 1 人，还差 2 人", "单位负责人至多 0 人，已有 0 人，已满"]


def test_every_contradiction_is_told_at_once_and_each_in_its_place():
    form = programme().plain()
    form["stages"] = [stage for stage in form["stages"] if stage["kind"] != "assign"]
    form["quota"]["places"] = 0
    form["ratios"][1]["trait"] = "nobody"

    with pytest.raises(Invalid) as refusal:
        read(form)

    assert set(refusal.value.data["fields"]) == {"stages", "quota.places", "ratios.1.trait"}
    with pytest.raises(Invalid) as refusal:
        read(programme().plain() | {"quota": {"places": "many"}})
    assert refusal.value.data["fields"] == {"quota.places": "须填整数"}


def test_who_belongs_to_a_unit_speaks_for_it_only_with_the_right_and_for_no_other():
    round_ = open_round(organiser())
    unit, other = enterprise(), enterprise("370102")
    row, _worker = applied(round_, unit=unit)
    colleague = AccountFactory(organisation=unit)
    clerk, neighbour = unit_account(unit), unit_account(other)
    recommends = AccountFactory(
        organisation=unit, grants=[(unit.region, unit.line, "application.recommend_unit")]
    )
    another, _account = worker(unit)

    for nobody in (colleague, neighbour, recommends):
        with pytest.raises(NotAllowed):
            applying.apply(round_, person=another, organisation=unit, title="", actor=nobody)
        with pytest.raises(NotAllowed):
            applying.save_answers(row, {"deeds": "改了"}, actor=nobody)
        assert not row.belongs_to(nobody)
    assert [queries.own(one) for one in (colleague, neighbour, recommends, clerk)] == [[], [], [row], [row]]
    made = applying.apply(round_, person=another, organisation=unit, title="", actor=clerk).application
    line = Record.objects.get(verb="start", subject_id=str(made.pk))
    assert (line.actor_id, line.grant_id) == (clerk.pk, clerk.grants.get().pk)
