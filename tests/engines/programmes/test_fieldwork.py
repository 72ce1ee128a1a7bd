"""Votes and inspections as parts of a total."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.selection import applied, enterprise, open_round, organiser, programme, worker
from yanzhen.engines.programmes import polls
from yanzhen.engines.programmes.actions import inspecting, rounds, voting
from yanzhen.engines.programmes.models import Application, Round, Window
from yanzhen.engines.programmes.stages import Apply, Assign, Decide, Inspect, Mark, Shortlist, Vote
from yanzhen.engines.programmes.totals import PARTS, totals
from yanzhen.foundation import parameters
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db


def _round(stage: str) -> Round:
    made = programme(
        stages=(
            Apply(code="apply", label="申报"),
            Assign(code="assign", label="分配评委"),
            Mark(code="mark", label="打分", weight=Decimal(60)),
            Vote(code="vote", label="网络投票", weight=Decimal(10)),
            Inspect(code="inspect", label="考察", weight=Decimal(30)),
            Shortlist(code="shortlist", label="入围"),
            Decide(code="decide", label="认定"),
        ),
    )
    round_ = open_round(organiser(), made)
    return _turned(round_, stage)


def _turned(round_: Round, stage: str) -> Round:
    now = timezone.now()
    Round.objects.filter(pk=round_.pk).update(stage=stage)
    Window.objects.filter(round=round_, stage=stage).update(
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=5)
    )
    return Round.objects.get(pk=round_.pk)


def _under_review(round_: Round) -> Application:
    row, _account = applied(_turned(round_, "apply"))
    Application.objects.filter(pk=row.pk).update(state="review")
    return Application.objects.get(pk=row.pk)


def _member(number: str) -> Account:
    person, account = worker(enterprise("370103"))
    person.id_number_hash = number.encode()
    person.save()
    return account


def test_a_member_votes_once_a_day_and_not_for_the_own_application() -> None:
    round_ = _round("vote")
    row = _under_review(round_)
    _turned(round_, "vote")
    member = _member("1")

    voting.vote(row, actor=member)

    with pytest.raises(voting.VoteRefused, match="每人每天一票"):
        voting.vote(row, actor=member)
    with pytest.raises(voting.VoteRefused, match="实名"):
        voting.vote(row, actor=worker(enterprise("370104"))[1])
    row.person.id_number_hash = b"own"
    row.person.save()
    with pytest.raises(voting.VoteRefused, match="自己"):
        voting.vote(row, actor=row.person.account)


def test_a_total_weighs_its_parts_and_lacks_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    round_ = _round("vote")
    first, second = _under_review(round_), _under_review(round_)
    round_ = _turned(round_, "vote")
    for n in range(2):
        voting.vote(first, actor=_member(f"a{n}"))
    voting.vote(second, actor=_member("b"))
    round_ = _turned(round_, "inspect")
    actor = organiser()
    with pytest.raises(Invalid, match="请填考察得分"):
        inspecting.inspect(
            first,
            visited_on=timezone.localdate(),
            members="考察组",
            seen="现场与申报内容一致",
            passed=True,
            actor=actor,
        )
    inspecting.inspect(
        first,
        visited_on=timezone.localdate(),
        members="考察组",
        seen="现场与申报的内容一致，属实",
        passed=True,
        points=Decimal(90),
        actor=actor,
    )
    monkeypatch.setitem(PARTS, "mark", lambda _round, _stage: {first.pk: Decimal(80), second.pk: Decimal(70)})

    assert voting.shares(round_, round_.programme.stage("vote")) == {first.pk: 100, second.pk: 50}
    assert totals(round_, [first.pk, second.pk]) == {first.pk: Decimal(85), second.pk: None}
    assert list(inspecting.not_inspected(round_)) == [
        "还有 1 件没有登记考察：请在“实地考察”中安排，由考察人员登记"
    ]


def test_votes_of_the_own_employer_are_asked_about_and_not_voided() -> None:
    parameters.load_defaults()
    round_ = _round("vote")
    row = _under_review(round_)
    round_ = _turned(round_, "vote")
    for n in range(60):
        person, account = worker(row.organisation)
        person.id_number_hash = f"own{n}".encode()
        person.save()
        voting.vote(row, actor=account)

    with CaptureQueriesContext(connection) as seen:
        found = polls.anomalies(round_, round_.programme.stage("vote"))

    assert {(f.code, f.percent, f.votes, f.number) for f in found} == {
        ("own", 100, 60, row.number),
        ("hour", 100, 60, row.number),
    }
    assert len(seen) <= 5
    stage = round_.programme.stage("vote")
    assert {len(polls.behind(round_, stage, row.number, code)) for code in ("own", "hour")} == {60}
    assert round_.ballots.filter(void_reason="").count() == 60


def test_votes_and_visits_count_in_the_total_once_their_stage_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    round_ = _round("vote")
    rows = [_under_review(round_), _under_review(round_)]
    round_ = _turned(round_, "vote")
    voting.vote(rows[1], actor=_member("7"))
    monkeypatch.setitem(PARTS, "mark", lambda _round, _stage: {row.pk: Decimal(80) for row in rows})
    monkeypatch.setitem(PARTS, "inspect", lambda _round, _stage: {row.pk: Decimal(50) for row in rows})
    Window.objects.filter(round=round_, stage="vote").update(closes_at=timezone.now())

    rounds.turn(round_, actor=round_.opened_by)

    found = Application.objects.order_by("place").values_list("pk", "score", "place")
    assert list(found) == [(rows[1].pk, Decimal(73), 1), (rows[0].pk, Decimal(63), 2)]
