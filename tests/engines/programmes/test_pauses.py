"""A round that stands still: nothing moves, no term runs out, everybody reads why; taken up again, the days are given back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory, RegionFactory
from tests.panels import marks, seated
from tests.results import published, ready
from tests.selection import applied, open_round, organiser
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.models import Clock
from yanzhen.engines.procedures.refusals import MoveRefused
from yanzhen.engines.procedures.sweep import mark_due
from yanzhen.engines.programmes.actions import applying, pausing, rounds
from yanzhen.engines.programmes.actions.applying import ApplicationRefused
from yanzhen.engines.programmes.actions.editing import RoundRefused
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.notices.actions import Said, against_filing, file_objection
from yanzhen.engines.programmes.notices.models import Notice, Objection
from yanzhen.engines.programmes.panels.actions import marking
from yanzhen.engines.programmes.panels.models import Assignment
from yanzhen.engines.programmes.panels.refusals import MarkRefused
from yanzhen.engines.programmes.results import actions
from yanzhen.engines.programmes.results.solving import ShortlistRefused
from yanzhen.foundation import calendar, crypto, parameters
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Record

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture(autouse=True)
def _rules() -> None:
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()


def still(round_: Round, actor, days: int = 10) -> Round:
    return pausing.pause(round_, until=TODAY() + timedelta(days=days), why="等省里新的通知", actor=actor)


def to_supplement(round_: Round, actor) -> Application:
    row, account = applied(round_)
    row = applying.submit(row, actor=account)
    Application.objects.filter(pk=row.pk).update(state="screen")
    return advance(row, "ask_more", actor=actor, note="请补证书")


def test_nothing_moves_while_a_round_stands_still():
    actor = organiser()
    round_ = open_round(actor)
    row, account = applied(round_)
    still(round_, actor)

    for act in (
        lambda: applying.submit(row, actor=account),
        lambda: applying.move_own(row, "withdraw", actor=account, note="不报了"),
    ):
        with pytest.raises(MoveRefused, match="等省里新的通知"):
            act()
    with pytest.raises(ApplicationRefused, match="暂停办理"):
        applied(Round.objects.get())
    with pytest.raises(RoundRefused, match="暂停办理"):
        rounds.turn(round_, actor=actor)


def test_judges_and_lists_wait_as_well():
    actor = organiser()
    round_ = seated(actor, applications=1)
    held = Assignment.objects.select_related("judge__account").first()
    listed = ready()
    still(round_, actor)
    still(listed.round, listed.organiser)

    with pytest.raises(MarkRefused, match="暂停办理"):
        marking.file(held, marks(1, 1), actor=held.judge.account)
    with pytest.raises(ShortlistRefused, match="暂停办理"):
        actions.run_shortlist(listed.round, actor=listed.organiser)


def test_a_term_does_not_run_out_meanwhile_and_gets_the_unused_days_back():
    actor = organiser()
    round_ = open_round(actor)
    row = to_supplement(round_, actor)
    due = row.due_at
    still(round_, actor, days=30)
    row.refresh_from_db()
    clock = Clock.objects.get(subject_id=row.pk, procedure=row.procedure_code)

    assert row.due_at == clock.due_at > due + timedelta(days=20)
    mark_due(due + timedelta(days=1))
    assert not Application.objects.get(pk=row.pk).late
    pausing.resume(round_, why="通知已到", actor=actor)

    row.refresh_from_db()
    assert (row.due_at, Round.objects.get().pauses) == (due, [])


def test_stages_that_lie_ahead_are_moved_by_the_days_and_back():
    actor = organiser()
    round_ = open_round(actor)
    before = list(round_.windows.values_list("opens_at", "closes_at"))
    ten = timedelta(days=10)
    still(round_, actor)
    paused = list(round_.windows.values_list("opens_at", "closes_at"))
    still(round_, actor, days=4)
    shorter = list(round_.windows.values_list("opens_at", "closes_at"))
    pausing.resume(round_, why="", actor=actor)

    assert paused == [(o if o < timezone.now() else o + ten, c + ten) for o, c in before]
    assert shorter[1] == (before[1][0] + timedelta(days=4), before[1][1] + timedelta(days=4))
    assert list(round_.windows.values_list("opens_at", "closes_at")) == before


def test_a_notice_and_the_objections_to_it_run_on_after_the_pause():
    made, notice = published()
    ends = Round.objects.get(pk=made.round.pk).notice_ends_at
    still(made.round, made.organiser, days=20)
    round_ = Round.objects.get(pk=made.round.pk)

    assert round_.notice_ends_at > ends + timedelta(days=10)
    assert against_filing(Notice.objects.select_related("round").get(pk=notice.pk)) is None
    filed = file_objection(notice, Said("untrue", "材料与事实不符，请核查", about=0, anonymous=True))
    assert Objection.objects.get().due_at > timezone.now() + timedelta(days=20)
    assert filed.objection.stage.code == "filed"


def test_it_goes_on_by_itself_on_the_day_that_was_named():
    round_ = Round(status="running", pauses=[["2026-03-01", "2026-03-11"]], pause_why="等通知")

    assert (round_.paused_until, round_.standstill) == (None, None)


@pytest.mark.parametrize(("days", "why"), [(0, "等通知"), (400, "等通知"), (5, " ")])
def test_a_pause_has_a_reason_and_an_end_within_the_limit(days: int, why: str):
    actor = organiser()
    round_ = open_round(actor)

    with pytest.raises(Invalid):
        pausing.pause(round_, until=TODAY() + timedelta(days=days), why=why, actor=actor)
    assert Round.objects.get().pauses == []


def test_only_who_runs_the_round_pauses_it_and_it_is_on_record():
    actor = organiser()
    round_ = open_round(actor)
    elsewhere = AccountFactory(
        grants=[(RegionFactory(code="370200", level="city"), None, "round.run programme.view")]
    )
    with pytest.raises(NotAllowed):
        still(round_, elsewhere)
    still(round_, actor)

    line = Record.objects.get(verb="round.pause")
    assert (line.actor_id, line.reason, line.after) == (
        actor.pk,
        "等省里新的通知",
        {"until": (TODAY() + timedelta(days=10)).isoformat()},
    )
    with pytest.raises(RoundRefused, match="没有暂停"):
        pausing.resume(open_round(actor, label="另一轮"), why="", actor=actor)


def test_pages_of_organiser_applicant_and_public_say_it():
    actor = organiser()
    round_ = open_round(actor)
    row, account = applied(round_)
    client = browser(actor)
    page = f"/console/rounds/{round_.pk}/"
    until = TODAY() + timedelta(days=9)

    assert client.post(f"{page}pause/", {"until": "2020-01-01", "why": "等通知"}).status_code == 422
    assert client.post(f"{page}pause/", {"until": until.isoformat(), "why": "等新通知"}).status_code == 303
    said = f"本轮暂停办理（等新通知），预计 {until:%Y-%m-%d} 恢复"

    assert said in text(client.get(page))
    assert said in text(browser(account).get(f"/me/applications/{row.number}/"))
    assert said in text(client.get(f"/apply/{round_.pk}/"))
    assert "暂停办理" in text(client.get("/apply/"))
    assert client.post(f"{page}resume/", {"why": ""}).status_code == 303
    assert said not in text(client.get(page))
