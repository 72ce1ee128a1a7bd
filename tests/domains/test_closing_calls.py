"""Calls to the caller: noted, taken back, enough, and what the caller says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.closing import answered, at
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.hotline import county
from yanzhen.domains.hotline.closing import guards, queries
from yanzhen.domains.hotline.closing.actions import (
    Answer,
    adopt_answer,
    answer_online,
    finish_by_phone,
    finish_by_web,
    give_up,
    note_attempt,
    take_back_attempt,
)
from yanzhen.domains.hotline.closing.models import Attempt, Survey
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures.engine import advance, advance_many
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Record
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db


def test_a_call_is_kept_with_its_part_of_the_day_and_a_record():
    place = county()
    case = answered(place)

    attempt = note_attempt(case, actor=place.clerk, outcome="busy", at=at(2, 19), note="13912345678 占线")

    assert (attempt.slot, attempt.round_at, attempt.note) == ("evening", case.answered_at, "139****5678 占线")
    last = history(case).last()
    assert (last.verb, last.actor_id, last.after["outcome"]) == ("attempt", place.clerk.pk, "busy")


def test_the_handler_does_not_call_back():
    place = county()
    case = answered(place)
    both = AccountFactory(grants=[(place.region, None, "case.call_back")])
    Case.objects.filter(pk=case.pk).update(handler=both)

    with pytest.raises(NotAllowed, match="须由他人回访"):
        note_attempt(case, actor=both, outcome="busy")


@pytest.mark.parametrize("where", ["region", "line"])
def test_a_call_is_noted_within_ones_own_reach_alone(where):
    place = county()
    case = answered(place)
    region = RegionFactory(code="370202") if where == "region" else place.region
    line = LineFactory(code="court") if where == "line" else None
    stranger = AccountFactory(grants=[(region, line, "case.view case.call_back")])
    records = Record.objects.count()

    with pytest.raises(NotAllowed):
        note_attempt(case, actor=stranger, outcome="busy")

    assert (Attempt.objects.count(), Record.objects.count()) == (0, records)
    assert list(queries.call_backs(stranger)) == []
    assert list(queries.call_backs(place.clerk)) == [case]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"outcome": "mistake"}, "outcome"),
        ({"outcome": "later"}, "again_at"),
        ({"outcome": "busy", "again_at": at(-1, 9)}, "again_at"),
        ({"outcome": "wrong"}, "note"),
        ({"outcome": "busy", "at": at(20, 9)}, "at"),
        ({"outcome": "busy", "at": at(-1, 9)}, "at"),
    ],
)
def test_what_can_not_be_is_refused_beside_its_field(given, field):
    place = county()
    case = answered(place)

    with pytest.raises(Invalid) as refusal:
        note_attempt(case, actor=place.clerk, **given)

    assert list(refusal.value.data["fields"]) == [field]


def test_nobody_is_called_three_times_a_day_nor_after_a_refusal():
    place = county()
    case = answered(place)
    for hour in (9, 15):
        note_attempt(case, actor=place.clerk, outcome="no_answer", at=at(2, hour))

    with pytest.raises(Refusal, match="每天至多 2 次"):
        note_attempt(case, actor=place.clerk, outcome="no_answer", at=at(2, 19))
    note_attempt(case, actor=place.clerk, outcome="refused", at=at(1, 9))
    with pytest.raises(Refusal, match="拒绝回访"):
        note_attempt(case, actor=place.clerk, outcome="busy", at=at(1, 19))


def test_not_reached_takes_calls_at_different_hours_on_different_days():
    place = county()
    case = answered(place)
    for day, hour in ((3, 9), (2, 10)):
        note_attempt(case, actor=place.clerk, outcome="no_answer", at=at(day, hour))

    with pytest.raises(Refusal, match="还须在下午或晚间再拨 1 次"):
        give_up(case, actor=place.clerk)
    note_attempt(case, actor=place.clerk, outcome="no_answer", at=at(1, 19))
    done = give_up(case, actor=place.clerk)

    assert (done.state, done.reached, done.solved) == ("called_back", False, None)


def test_the_guard_looks_at_calls_only_where_nobody_was_reached():
    place = county()
    case = answered(place)

    found = []
    for case.reached in (None, True, False):
        found.append(bool(guards.tried_before_given_up(case)))

    assert found == [False, False, True]


def test_without_a_number_there_is_nothing_to_try():
    place = county()
    case = place.case(anonymous=True, phone="", name="")
    case = advance(case, "accept", actor=place.clerk, category=place.category)
    case = advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
    case = advance(case, "answer", actor=place.handler, reply="经核查属实，单位已补发。")

    with pytest.raises(Invalid, match="没有留电话"):
        note_attempt(case, actor=place.clerk, outcome="busy")
    assert give_up(case, actor=place.clerk).state == "called_back"


def test_a_call_noted_by_mistake_is_taken_back_by_another_line():
    place = county()
    case = answered(place)
    attempt = note_attempt(case, actor=place.clerk, outcome="refused")
    other = AccountFactory(grants=[(place.region, None, "case.call_back")])

    with pytest.raises(Refusal, match="自己记下的"):
        take_back_attempt(attempt, actor=other)
    take_back_attempt(attempt, actor=place.clerk)
    with pytest.raises(Refusal, match="已经更正过"):
        take_back_attempt(attempt, actor=place.clerk)

    assert guards.standing(case) == []
    assert Attempt.objects.count() == 2


def test_a_call_of_yesterday_is_not_taken_back():
    place = county()
    case = answered(place)
    attempt = note_attempt(case, actor=place.clerk, outcome="busy", at=at(1, 9))

    with pytest.raises(Refusal, match="当天"):
        take_back_attempt(attempt, actor=place.clerk)


@pytest.mark.parametrize("statement", ["update {} set line_id = 'court'", "delete from {}"])
@pytest.mark.parametrize("table", ["closing_attempt", "closing_survey"])
def test_the_database_lets_nobody_change_what_was_tried_or_said(table, statement):
    with (
        pytest.raises((InternalError, ProgrammingError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


def test_solved_satisfied_and_service_are_kept_apart():
    place = county()
    case = answered(place)

    done = finish_by_phone(
        case, Answer(True, "dissatisfied", "satisfied", "钱到了，等得太久"), actor=place.clerk
    )

    said = Survey.objects.get()
    assert (done.state, done.reached, done.solved, done.satisfaction) == (
        "called_back",
        True,
        True,
        "dissatisfied",
    )
    assert (said.solved, said.satisfaction, said.service, said.channel) == (
        True,
        "dissatisfied",
        "satisfied",
        "phone",
    )
    assert [a.outcome for a in Attempt.objects.all()] == ["reached"]


def test_what_was_said_before_the_case_was_handled_again_stays():
    place = county()
    case = finish_by_phone(answered(place), Answer(False, "dissatisfied"), actor=place.clerk)
    case = advance(case, "redo", actor=place.clerk, note="未解决")
    case = advance(case, "answer", actor=place.deputy, reply="单位已补发第二个月工资，附凭证。")

    assert guards.standing(case) == []
    finish_by_phone(case, Answer(True, "satisfied"), actor=place.clerk)

    assert [s.solved for s in queries.surveys(case)] == [True, False]
    assert len({s.round_at for s in queries.surveys(case)}) == 2


def test_who_answers_online_is_not_called_for_it():
    place = county()
    case = answered(place)

    with pytest.raises(Refusal, match="没有在网上作答"):
        finish_by_web(case, actor=place.clerk)
    answer_online(case, Answer(True, "fair", "satisfied"))
    with pytest.raises(Refusal, match="采用网上评价"):
        give_up(case, actor=place.clerk)
    done = finish_by_web(case, actor=place.clerk)

    assert (done.reached, done.solved, done.satisfaction) == (True, True, "fair")


def test_nobody_writes_solved_over_the_callers_own_unsolved():
    place = county()
    case = answered(place)
    answer_online(case, Answer(False, "dissatisfied"))

    with pytest.raises(Invalid, match="未解决"):
        finish_by_phone(case, Answer(True, "satisfied"), actor=place.clerk)
    assert "未解决" in (guards.caller_did_not_say_unsolved(case) or "")

    answer_online(case, Answer(True, "fair"))
    assert guards.caller_did_not_say_unsolved(case) is None
    assert finish_by_phone(case, Answer(True, "fair"), actor=place.clerk).solved is True


def test_what_was_said_of_a_former_reply_does_not_bind_the_next():
    place = county()
    case = answered(place)
    answer_online(case, Answer(False))
    case = finish_by_web(case, actor=place.clerk)
    case = advance(case, "redo", actor=place.clerk, note="未解决")
    case = advance(case, "answer", actor=place.deputy, reply="单位已补发第二个月工资，附凭证。")

    assert guards.caller_did_not_say_unsolved(case) is None


def test_a_caller_who_says_unsolved_after_the_call_stops_the_closing_of_a_whole_list():
    place = county()
    case = finish_by_phone(answered(place), Answer(True, "satisfied"), actor=place.clerk)
    answer_online(case, Answer(False, "dissatisfied"))
    case.refresh_from_db()

    outcome = advance_many(Case, [case.pk], "close", actor=place.clerk)

    assert (case.solved, case.satisfaction) == (False, "dissatisfied")
    assert (outcome.moved, len(outcome.refused)) == (0, 1)
    last = history(case).last()
    assert (last.verb, last.actor_id, last.before["solved"], last.after["solved"]) == (
        "survey.carried", None, True, False,
    )  # fmt: skip
    assert advance(case, "redo", actor=place.clerk, note="诉求人反映未解决").state == "handling"


def test_an_unsolved_told_by_telephone_is_taken_back_online_only_by_somebody_whom_the_record_names():
    place = county()
    case = finish_by_phone(answered(place), Answer(False, "dissatisfied"), actor=place.clerk)
    answer_online(case, Answer(True, "satisfied"))
    case.refresh_from_db()
    assert (case.solved, case.satisfaction) == (False, "dissatisfied")
    assert not history(case).filter(verb="survey.carried").exists()

    for second in (place.handler, place.approver):
        with pytest.raises(NotAllowed):
            adopt_answer(case, actor=second)
    case = adopt_answer(case, actor=place.clerk)

    assert (case.solved, case.satisfaction) == (True, "satisfied")
    last = history(case).last()
    assert (last.verb, last.actor_id, last.before["solved"], last.after["solved"]) == (
        "survey.carried", place.clerk.pk, False, True,
    )  # fmt: skip
    with pytest.raises(Refusal, match="没有与电话回访结果不一致"):
        adopt_answer(case, actor=place.clerk)


@pytest.mark.parametrize("state", ["handling", "closed"])
def test_nothing_is_said_online_before_the_reply_or_after_the_end(state):
    place = county()
    case = getattr(place, state)()
    before = Survey.objects.count()

    with pytest.raises(Refusal, match="不能评价"):
        answer_online(case, Answer(True))

    assert Survey.objects.count() == before


def test_a_list_of_calls_says_what_is_wanted_in_three_statements():
    place = county()
    cases = [answered(place) for _ in range(4)]
    note_attempt(cases[0], actor=place.clerk, outcome="no_answer", at=at(1, 9))
    note_attempt(
        cases[1],
        actor=place.clerk,
        outcome="later",
        at=at(1, 9),
        again_at=timezone.now() + timedelta(hours=2),
    )
    answer_online(cases[2], Answer(False))
    list(queries.call_backs(place.clerk))

    with CaptureQueriesContext(connection) as context:
        found = queries.turns(list(queries.call_backs(place.clerk).order_by("pk")))

    assert len(context) == 3
    assert [(t.case, t.wanted, bool(t.stop), t.said and t.said.solved) for t in found] == [
        (cases[0], ["下午", "晚间"], False, None),
        (cases[1], ["下午", "晚间"], True, None),
        (cases[2], ["上午", "下午", "晚间"], False, False),
        (cases[3], ["上午", "下午", "晚间"], False, None),
    ]


@pytest.mark.parametrize(
    ("online", "given", "why"),
    [
        (None, {"reached": True, "solved": True, "satisfaction": "satisfied"}, "须与诉求人的评价一致"),
        (Answer(False), {"reached": True, "solved": True}, "未解决"),
        (Answer(False, "fair"), {"reached": True, "solved": False}, "须与诉求人的评价一致"),
        (Answer(False), {"reached": False}, "采用网上评价"),
    ],
)
def test_no_call_back_ends_on_paper(online, given, why):
    place = county()
    anonymous = place.case(anonymous=True, phone="", name="")
    case = advance(anonymous, "accept", actor=place.clerk, category=place.category)
    case = advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
    case = advance(case, "answer", actor=place.handler, reply="经核查属实，单位已补发。")
    if online:
        answer_online(case, online)

    with pytest.raises(Refusal, match=why):
        advance(case, "call_back", actor=place.caller, **given)

    assert Case.objects.get(pk=case.pk).state == "answered"


def test_who_called_back_does_not_close_the_case_whether_solved_or_not():
    place = county()
    both = AccountFactory(grants=[(place.region, None, "case.view case.call_back case.check")])
    solved = finish_by_phone(answered(place), Answer(True, "satisfied"), actor=both)
    unsolved = finish_by_phone(answered(place), Answer(False), actor=both)

    with pytest.raises(Refusal, match="本件的回访人不能办理本环节"):
        advance(solved, "close", actor=both)
    with pytest.raises(Refusal, match="本件的回访人不能办理本环节"):
        advance(unsolved, "close_unsolved", actor=both, note="没有依据")
    assert advance_many(Case, [solved.pk], "close", actor=both).moved == 0
    assert advance(solved, "close", actor=place.clerk).called_back_by == both
