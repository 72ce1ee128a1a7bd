from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import AccountFactory, OrganisationFactory, RegionFactory
from tests.hotline import EVERY_RIGHT, REPLY, county
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures.copies import copy_to
from yanzhen.engines.procedures.engine import advance, advance_many, outlook
from yanzhen.engines.procedures.models import Clock
from yanzhen.engines.procedures.queries import copied_to, done_by, seen_by, started_by, to_do
from yanzhen.engines.procedures.refusals import MovedMeanwhile, MoveNotAllowed, MoveRefused, NoSuchMove
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, Record
from yanzhen.foundation.records import history
from yanzhen.foundation.scope import database_scope

pytestmark = pytest.mark.django_db


def test_an_appeal_runs_from_received_to_closed_and_every_step_is_on_record():
    place = county()

    case = place.closed()

    assert (case.state, case.ended_at is None, case.due_at, case.late) == ("closed", False, None, False)
    moves = history(case).filter(after__state__isnull=False)
    assert [(r.verb, (r.after or {}).get("state")) for r in moves] == [
        ("start", "received"),
        ("move.accept", "accepted"),
        ("move.assign", "handling"),
        ("move.answer", "answered"),
        ("move.call_back", "called_back"),
        ("move.close", "closed"),
    ]
    assert not Clock.objects.filter(subject_id=case.pk, stopped_at=None).exists()


def test_the_handling_term_runs_on_from_acceptance_and_begins_anew_when_redone():
    place = county()
    case = place.accepted()
    first = Clock.objects.get(parameter__code="hotline.handling")

    case = advance(case, "assign", actor=place.clerk, organisation=place.union)
    other = OrganisationFactory(region=place.region)
    case = advance(case, "send_back", actor=place.handler, counter_proposal=other, note="不属本单位")
    case = advance(case, "assign", actor=place.clerk, organisation=place.union)

    assert Clock.objects.get(parameter__code="hotline.handling") == first
    assert case.due_at == first.due_at
    case = advance(case, "answer", actor=place.handler, reply=REPLY)
    case = place.call(case, solved=False)
    advance(case, "redo", actor=place.clerk, note="未解决")
    assert Clock.objects.filter(parameter__code="hotline.handling").count() == 2


@pytest.mark.parametrize(
    ("code", "given", "refusal"),
    [
        ("close", {}, NoSuchMove),
        ("accept", {}, Invalid),
        ("decline", {"reply": REPLY}, MoveRefused),
        ("decline", {"reply": "不"}, MoveRefused),
        ("accept", {"seen": 7, "category": None}, MovedMeanwhile),
    ],
)
def test_a_refused_move_writes_nothing(code, given, refusal):
    place = county()
    case = place.case()
    before = Record.objects.count()

    with pytest.raises(refusal):
        advance(case, code, actor=place.clerk, **given)

    case.refresh_from_db()
    assert (case.state, case.step, case.reply, Record.objects.count()) == ("received", 0, "", before)


def test_a_refusal_names_all_reasons_at_once():
    place = county()
    case = advance(
        place.accepted(), "assign", actor=place.clerk, organisation=place.union, handler=place.handler
    )
    stranger = AccountFactory(grants=[(RegionFactory(code="370202"), None, EVERY_RIGHT)])

    with pytest.raises(MoveNotAllowed) as caught:
        advance(case, "answer", actor=stranger, reply="短")

    assert caught.value.data["reasons"] == [
        "您在该区划和条线没有“承办与答复”权限",
        "该件已指定承办人，只能由承办人办理",
        "答复过短：须写明查明的情况、处理结果和依据（至少 10 个字）",
    ]


def test_a_right_of_another_region_or_line_does_not_move():
    place = county()
    case = place.case()
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, EVERY_RIGHT)])
    other_line = AccountFactory(
        grants=[
            (place.region, OrganisationFactory(line__code="court", region=place.region).line, EVERY_RIGHT)
        ]
    )

    for account in (elsewhere, other_line):
        with pytest.raises(MoveNotAllowed):
            advance(case, "accept", actor=account, category=place.category)
        assert not seen_by(Case, account).exists()


def test_the_one_who_handled_can_not_call_back():
    place = county()
    both = AccountFactory(grants=[(place.region, None, EVERY_RIGHT)], organisation=place.union)
    case = advance(place.accepted(), "assign", actor=place.clerk, organisation=place.union, handler=both)
    case = advance(case, "answer", actor=both, reply=REPLY)

    with pytest.raises(MoveRefused, match="他人"):
        advance(case, "call_back", actor=both, reached=True, solved=True)


def test_nobody_fills_in_an_opinion_for_a_caller_who_was_not_reached():
    place = county()

    with pytest.raises(MoveRefused, match="不能代填"):
        advance(place.answered(), "call_back", actor=place.clerk, reached=False, satisfaction="satisfied")


def test_an_unsolved_case_is_not_closed():
    place = county()

    with pytest.raises(MoveRefused, match="退回重新办理"):
        advance(place.called_back(solved=False, satisfaction="dissatisfied"), "close", actor=place.clerk)


def test_what_can_not_be_solved_is_closed_as_such_with_a_reason_and_counts_as_unsolved():
    place = county()
    case = place.called_back(solved=False, satisfaction="dissatisfied")

    with pytest.raises(MoveRefused, match="须填写说明"):
        advance(case, "close_unsolved", actor=place.clerk)
    closed = advance(case, "close_unsolved", actor=place.clerk, note="须走仲裁，已告知途径")

    assert (closed.state, closed.solved, closed.ended_at is None) == ("closed", False, False)


def test_what_was_solved_is_not_closed_as_unsolved():
    place = county()

    with pytest.raises(MoveRefused, match="如实办结"):
        advance(place.called_back(), "close_unsolved", actor=place.clerk, note="理由")


def test_a_closed_case_is_reopened_with_a_new_term():
    place = county()
    case = place.closed()

    case = advance(case, "reopen", actor=place.clerk, note="诉求人来电称未解决")

    assert (case.state, case.ended_at, case.handler, case.quality_passed) == ("handling", None, None, None)
    assert case.due_at


def test_a_move_costs_at_most_ten_statements(django_assert_max_num_queries):
    place = county()
    case = place.case()
    actor = Account.objects.get(pk=place.clerk.pk)
    # what a process keeps, it has
    once = advance(place.case(), "accept", actor=actor, category=place.category)
    advance(once, "assign", actor=actor, organisation=place.union, handler=place.handler)

    with django_assert_max_num_queries(10):
        case = advance(case, "accept", actor=actor, category=place.category)
    with django_assert_max_num_queries(10):
        advance(case, "assign", actor=actor, organisation=place.union, handler=place.handler)


def test_a_list_moves_at_the_statements_of_one(django_assert_max_num_queries):
    place = county()
    cases = [place.case() for _ in range(6)]
    foreign = county("370202").case()
    place.clerk.cells()

    with django_assert_max_num_queries(10):
        outcome = advance_many(
            Case, [*(c.pk for c in cases), foreign.pk], "accept", actor=place.clerk, category=place.category
        )

    assert outcome.moved == 6
    assert outcome.refused == [(foreign.number, ("您在该区划和条线没有“受理工单”权限",))]
    assert Record.objects.filter(verb="move.accept").count() == 6


def test_a_list_is_asked_for_its_groups_once():
    place = county()
    used = []
    for count in (1, 2, 6):
        ids = [place.accepted().pk for _ in range(count)]
        with CaptureQueriesContext(connection) as context:
            assert (
                advance_many(Case, ids, "assign", actor=place.clerk, organisation=place.union).moved == count
            )
        used.append(len(context))

    # the first finds out what a process keeps
    assert used[1] == used[2]


def test_the_outlook_gives_every_move_with_every_reason():
    place = county()
    case = place.called_back(solved=False, satisfaction="dissatisfied")

    seen = {o.transition.code: o.reasons for o in outlook(case, actor=place.handler)}

    assert seen == {
        "redo": ("您在该区划和条线没有“回访”权限", "承办人不能办理本环节，须由他人办理"),
        "close": (
            "您在该区划和条线没有“质检与办结”权限",
            "承办人不能办理本环节，须由他人办理",
            "诉求人反映问题未解决，应退回重新办理；确实无法解决的，写明理由如实办结",
        ),
        "close_unsolved": ("您在该区划和条线没有“质检与办结”权限", "承办人不能办理本环节，须由他人办理"),
        "fail_check": (
            "您在该区划和条线没有“质检与办结”权限",
            "承办人不能办理本环节，须由他人办理",
            "诉求人反映问题未解决，不能退给原承办人：请用“质检退回重办”，另行指定承办人",
        ),
        "overrule": ("您在该区划和条线没有“质检与办结”权限", "承办人不能办理本环节，须由他人办理"),
    }


def test_four_inboxes_show_what_is_mine_to_do_done_started_and_copied():
    place = county()
    waiting, mine = place.case(), place.handling()
    copy_to(mine, place.approver, actor=place.clerk)

    assert set(to_do(Case, place.clerk)) == {waiting}
    assert set(to_do(Case, place.handler)) == {mine}
    assert set(done_by(Case, place.clerk)) == {mine}
    assert set(started_by(Case, place.clerk)) == set()
    assert set(copied_to(Case, place.approver)) == {mine}


def test_a_copy_opens_no_door():
    place = county()
    stranger = AccountFactory(grants=[(RegionFactory(code="370202"), None, "case.view")])

    with pytest.raises(MoveRefused):
        copy_to(place.case(), stranger, actor=place.clerk)


@pytest.mark.django_db(transaction=True)
def test_of_two_clerks_one_wins_and_the_other_is_told():
    place = county()
    case = place.case()
    results: list[object] = []
    gate = threading.Barrier(2)

    def clerk() -> None:
        actor = Account.objects.get(pk=place.clerk.pk)
        gate.wait()
        try:
            with database_scope({"*:"}):
                results.append(advance(case, "accept", actor=actor, seen=0, category=place.category).state)
        except (NoSuchMove, MovedMeanwhile) as refusal:
            results.append(type(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=clerk) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, results)) == sorted(map(str, ["accepted", NoSuchMove]))
    assert Record.objects.filter(verb="move.accept").count() == 1


def test_who_answers_is_the_handler_and_can_neither_call_back_nor_check():
    place = county()
    case = advance(place.accepted(), "assign", actor=place.clerk, organisation=place.union)
    one = AccountFactory(grants=[(place.region, None, EVERY_RIGHT)], organisation=place.union)
    answered = advance(case, "answer", actor=one, reply=REPLY)

    with pytest.raises(MoveRefused, match="承办人不能办理本环节"):
        advance(answered, "call_back", actor=one, reached=True, solved=True)
    assert answered.handler == one


def test_a_second_answer_is_called_back_for_anew():
    place = county()
    case = place.called_back()
    advance(case, "fail_check", actor=place.clerk, note="答复没有说明依据")
    again = advance(case, "answer", actor=place.handler, reply=REPLY)

    called = place.call(again, satisfaction="")

    assert (called.reached, called.solved, called.satisfaction) == (True, True, "")


def test_a_case_of_an_absent_handler_is_given_to_somebody_else():
    place = county()
    case = place.handling()
    other = AccountFactory(grants=[(place.region, None, "case.view case.handle")], organisation=place.union)

    given = advance(
        case, "reassign", actor=place.clerk, organisation=place.union, handler=other, note="原承办人休假"
    )

    assert (given.state, given.handler) == ("handling", other)


def test_nobody_is_charged_who_may_not_handle():
    place = county()
    reader = AccountFactory(grants=[(place.region, None, "case.view")], organisation=place.union)

    with pytest.raises(MoveRefused, match="承办与答复"):
        advance(place.accepted(), "assign", actor=place.clerk, organisation=place.union, handler=reader)


@pytest.mark.parametrize(
    ("kind", "region", "reason"),
    [("union", "370202", "不在本件属地"), ("enterprise", "370102", "是企业"), ("union", "370000", None)],
)
def test_only_a_body_around_the_place_is_charged(kind, region, reason):
    place = county()
    body = OrganisationFactory(kind=kind, region=RegionFactory(code=region))

    if reason is None:
        assert advance(place.accepted(), "assign", actor=place.clerk, organisation=body).organisation == body
        return
    with pytest.raises(MoveRefused, match=reason):
        advance(place.accepted(), "assign", actor=place.clerk, organisation=body)


def test_a_wrong_place_is_put_right_and_its_clerks_see_the_case():
    place = county()
    there = RegionFactory(code="370202")
    clerk = AccountFactory(grants=[(there, None, "case.view case.accept")])

    with database_scope(place.clerk.audience_keys()):
        moved = advance(place.case(), "relocate", actor=place.clerk, region=there, note="事发地在市南区")

    assert moved.region == there
    assert list(seen_by(Case, clerk)) == [moved]
    assert list(seen_by(Case, place.clerk)) == []


def test_a_case_is_reopened_only_within_its_term():
    place = county()
    case = place.closed()
    Case.objects.filter(pk=case.pk).update(ended_at=timezone.now() - timedelta(days=60))

    with pytest.raises(MoveRefused, match="可重新办理"):
        advance(case, "reopen", actor=place.clerk, note="诉求人来电")
