from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from tests.hotline import EVERY_RIGHT, REPLY, county, track
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats import rules
from yanzhen.domains.hotline.repeats.actions import (
    GroupRefused,
    NotJoined,
    answer_group,
    assign_along,
    bring_along,
    dissolve,
    join,
    leave,
)
from yanzhen.domains.hotline.repeats.models import Group, Member
from yanzhen.engines.procedures.engine import advance, outlook
from yanzhen.engines.procedures.models import Clock, Escalation
from yanzhen.engines.procedures.refusals import MoveRefused
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

WHY = "同一工地同一批工资"


@pytest.fixture
def place():
    return county()


def joined(place, case: Case, lead: Case, **given) -> Member:
    return join(case, lead, **{"actor": place.clerk, "kind": "callers", "reason": WHY} | given)


def led(place, member: str = "handling"):
    """A lead in handling and a case that follows it."""
    lead = place.handling()
    case = place.accepted()
    joined(place, case, lead)
    if member == "handling":
        assign_along(lead, actor=place.clerk, note="随主件")
        case.refresh_from_db()
    return lead, case


def rows(cases) -> list:
    pks = [case.pk for case in cases]
    return [
        list(Case.objects.filter(pk__in=pks).order_by("pk").values()),
        list(Clock.objects.filter(subject_id__in=pks).order_by("pk").values()),
    ]


def test_joining_moves_nothing_and_is_on_record_on_both(place):
    lead, case = place.handling(), place.accepted()
    before = rows([lead, case])

    member = joined(place, case, lead, kind="again")

    assert rows([lead, case]) == before
    assert (member.kind, member.leads, member.joined_by) == ("again", False, place.clerk)
    told = history(case).get(verb="case.join")
    assert (told.reason, told.after) == (
        WHY,
        {"group": member.group_id, "lead": lead.number, "kind": "again"},
    )
    assert history(lead).get(verb="case.joined_by").after["member"] == case.number


def test_a_case_that_follows_is_sent_to_the_leads_unit_and_nowhere_else(place):
    lead, case = led(place, "accepted")
    other = OrganisationFactory(region=place.region)

    with pytest.raises(MoveRefused, match=f"已并入 {lead.number} 合并办理，只能派给主件的承办单位"):
        advance(case, "assign", actor=place.clerk, organisation=other)
    with pytest.raises(MoveRefused, match="不另行指定承办人"):
        advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
    case = advance(case, "assign", actor=place.clerk, organisation=place.union)
    assert case.state == "handling"
    with pytest.raises(MoveRefused, match="不另行指定承办人"):
        advance(case, "claim", actor=place.handler, handler=place.handler)


def test_neither_the_lead_nor_a_member_is_answered_alone(place):
    lead, case = led(place)

    with pytest.raises(MoveRefused, match="有 1 件并入本件合并办理"):
        advance(lead, "answer", actor=place.handler, reply=REPLY)
    with pytest.raises(MoveRefused, match=f"本件已并入 {lead.number} 合并办理，由主件统一答复"):
        advance(case, "answer", actor=place.handler, reply=REPLY)
    with pytest.raises(MoveRefused, match="由主件统一答复"):
        advance(case, "send_back", actor=place.handler, counter_proposal=place.union, note="不属本单位")


def test_the_answer_of_the_lead_is_each_members_own_answer(place):
    lead, case = led(place)

    assert answer_group(lead, actor=place.handler, reply=REPLY) == 2

    for row in (lead, case):
        row.refresh_from_db()
        assert (row.state, row.reply, row.handler) == ("answered", REPLY, place.handler)
        assert history(row).filter(verb="move.answer").count() == 1
        running = Clock.objects.filter(subject_id=row.pk, stopped_at=None)
        assert [clock.label for clock in running] == ["回访时限"]
    assert history(case).get(verb="move.answer").reason == f"随主件 {lead.number} 统一答复"


def test_from_the_answer_on_every_appeal_goes_its_own_way(place):
    lead, case = led(place)
    answer_group(lead, actor=place.handler, reply=REPLY)

    lead = place.call(lead)
    case = place.call(case, solved=False, satisfaction="dissatisfied")
    lead = advance(lead, "close", actor=place.clerk)
    case = advance(case, "redo", actor=place.clerk, note="他的工资仍未发")
    case = advance(case, "claim", actor=place.deputy, handler=place.deputy)
    case = advance(case, "answer", actor=place.deputy, reply=REPLY + "已另行补发。")

    assert (lead.state, case.state, lead.reply == case.reply) == ("closed", "answered", False)


def test_one_that_can_not_be_answered_keeps_all_from_being_answered(place):
    lead, case = led(place)
    late = place.accepted()
    joined(place, late, lead)
    before = rows([lead, case, late])

    with pytest.raises(GroupRefused) as refused:
        answer_group(lead, actor=place.handler, reply=REPLY)

    assert refused.value.data["reasons"][0] == f"{late.number}：现为“已受理，待派单”，不能进行这一步"
    assert rows([lead, case, late]) == before
    assert Member.objects.filter(answered_at__isnull=False).count() == 0


def test_who_may_not_answer_a_member_answers_none(place):
    lead, case = led(place)
    Case.objects.filter(pk=case.pk).update(
        region=RegionFactory(code="370103"), organisation=None, handler=None
    )
    before = rows([lead, case])

    with pytest.raises(GroupRefused, match=f"{case.number}：您在该区划和条线没有“承办与答复”权限"):
        answer_group(lead, actor=place.handler, reply=REPLY)

    assert rows([lead, case]) == before


def test_members_elsewhere_are_brought_to_the_leads_unit_and_the_others_are_named(place):
    lead = place.handling()
    other = OrganisationFactory(region=place.region)
    there = advance(place.accepted(), "assign", actor=place.clerk, organisation=other)
    new = place.case()
    for case in (there, new):
        joined(place, case, lead)

    outcome = assign_along(lead, actor=place.clerk, note="随主件")

    there.refresh_from_db()
    assert (there.organisation, there.handler, there.state) == (place.union, None, "handling")
    assert (outcome.moved, outcome.refused) == (1, [(new.number, ("现为“待受理”，不能派单",))])


def test_only_unsolved_members_that_are_named_come_along_when_the_lead_is_handled_again(place):
    lead, case = led(place)
    happy = place.accepted()
    joined(place, happy, lead)
    assign_along(lead, actor=place.clerk, note="随主件")
    answer_group(lead, actor=place.handler, reply=REPLY)
    for row, solved in ((lead, False), (case, False), (happy, True)):
        place.call(row, solved=solved)

    with pytest.raises(NotJoined, match="不在重新办理"):
        bring_along(lead, [case], actor=place.clerk, note="一并重办")
    advance(lead, "redo", actor=place.clerk, note="仍未发")
    with pytest.raises(GroupRefused, match=f"{happy.number}：回访未反映未解决"):
        bring_along(lead, [case, happy], actor=place.clerk, note="一并重办")
    assert bring_along(lead, [case], actor=place.clerk, note="一并重办") == 1

    assert [Case.objects.get(pk=c.pk).state for c in (lead, case, happy)] == [
        "handling",
        "handling",
        "called_back",
    ]
    assert answer_group(lead, actor=place.deputy, reply=REPLY) == 2


def test_who_left_is_handled_alone_again_and_the_last_one_ends_the_group(place):
    lead, case = led(place)

    leave(case, actor=place.clerk, reason="不是同一批人")

    assert history(case).get(verb="case.leave").reason == "不是同一批人"
    assert Group.objects.get().ended_at is not None
    assert Member.objects.filter(left_at=None).count() == 0
    case = advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
    for row in (lead, case):
        assert advance(row, "answer", actor=place.handler, reply=REPLY).state == "answered"


def test_what_was_answered_with_the_lead_stays_answered_when_the_group_is_dissolved(place):
    lead, case = led(place)
    answer_group(lead, actor=place.handler, reply=REPLY)
    before = rows([lead, case])

    dissolve(lead, actor=place.clerk, reason="合并有误须分开")

    assert rows([lead, case]) == before
    assert Member.objects.filter(left_at=None).count() == 0


def place_of(case: Case) -> tuple:
    case.refresh_from_db()
    return case.state, case.organisation, case.handler


def sent_along(place):
    """A lead, and three that follow it: sent to no unit before, to another one, and to the lead's own."""
    lead, fresh, own = place.handling(), place.accepted(), place.handling()
    other = OrganisationFactory(region=place.region)
    worker = AccountFactory(grants=[(place.region, None, "case.handle")], organisation=other)
    there = advance(place.accepted(), "assign", actor=place.clerk, organisation=other, handler=worker)
    cases = [fresh, there, own]
    before = [place_of(case) for case in cases]
    for case in cases:
        joined(place, case, lead)
    assign_along(lead, actor=place.clerk, note="随主件")
    assign_along(lead, actor=place.clerk, note="再次随主件")
    return lead, cases, before


def test_undo_gives_back_the_unit_and_the_handler_that_a_case_had_and_says_so_on_record(place):
    lead, cases, before = sent_along(place)
    fresh, there, _own = cases
    ends = Clock.objects.filter(parameter__code="hotline.handling", stopped_at=None)
    terms = list(ends.order_by("pk").values("pk", "due_at"))
    assert [place_of(case)[:2] for case in cases[:2]] == [("handling", place.union)] * 2

    outcome = dissolve(lead, actor=place.clerk, reason="不是同一批人")

    assert (outcome.moved, outcome.refused) == (2, [])
    assert [place_of(case) for case in cases] == before
    assert list(ends.order_by("pk").values("pk", "due_at")) == terms
    assert history(fresh).last().verb == "move.recall"
    assert history(there).last().reason == "退出合并，恢复合并前的承办单位：不是同一批人"
    with pytest.raises(MoveRefused, match="才能撤回派单"):
        advance(there, "recall", actor=place.clerk, note="收回")


def test_what_can_not_go_back_leaves_the_group_all_the_same_and_is_named(place):
    _lead, (fresh, there, _own), _before = sent_along(place)
    intake = AccountFactory(grants=[(place.region, None, "case.view case.accept")])

    outcome = leave(there, actor=intake, reason="不是同一批人")

    assert outcome.refused == [(there.number, ("您在该区划和条线没有“派单”权限",))]
    assert place_of(there)[1] == place.union
    assert not Member.objects.filter(case=there, left_at=None).exists()
    assert leave(fresh, actor=place.clerk, reason="不是同一批人").moved == 1


@pytest.mark.parametrize(
    ("which", "why"),
    [
        ("itself", "不能与自己合并"), ("closed", "现为“已办结”，不能并入"), ("answered lead", "已不能统一答复"),
        ("twice", "已在同一合并组"), ("another", "已并入其他工单，请先退出"), ("under a member", "不能作主件"),
        ("circular", "已在同一合并组"), ("a lead", "已是其他工单的主件"),
    ],
)  # fmt: skip
def test_what_can_not_be_joined_is_told_why(place, which, why):
    lead, case, other = place.handling(), place.accepted(), place.accepted()
    if which in {"twice", "another", "under a member", "circular", "a lead"}:
        joined(place, case, lead)
    pair = {
        "itself": lambda: (case, case),
        "closed": lambda: (place.closed(), lead),
        "answered lead": lambda: (case, place.answered()),
        "twice": lambda: (case, lead),
        "another": lambda: (case, other),
        "under a member": lambda: (other, case),
        "circular": lambda: (lead, case),
        "a lead": lambda: (lead, other),
    }[which]()

    with pytest.raises(NotJoined, match=why):
        joined(place, *pair)


def test_a_reason_and_a_kind_are_asked_for(place):
    lead, case = place.handling(), place.accepted()

    for more in ({"reason": " 同 "}, {"kind": "x"}):
        with pytest.raises(Invalid):
            joined(place, case, lead, **more)
    assert Member.objects.count() == 0


def test_who_has_no_right_over_both_joins_nothing(place):
    lead, case = place.handling(), place.accepted()
    region, court = RegionFactory(code="370202"), LineFactory(code="court")
    for grant in (
        (region, None, EVERY_RIGHT),
        (place.region, court, EVERY_RIGHT),
        (place.region, None, "case.view case.handle"),
    ):
        stranger = AccountFactory(grants=[grant])
        with pytest.raises(NotAllowed):
            joined(place, case, lead, actor=stranger)
    joined(place, case, lead)
    with pytest.raises(NotAllowed):
        leave(case, actor=stranger, reason="不是同一批人")
    with pytest.raises(NotAllowed):
        dissolve(lead, actor=stranger, reason="不是同一批人")


def test_callers_who_are_ten_together_make_the_lead_critical_and_the_leader_is_told(place):
    leader = AccountFactory(grants=[(place.region.parent, None, "case.supervise")])
    lead, same, other = place.case(headcount=4), place.case(headcount=6), place.case(headcount=6)

    joined(place, same, lead, kind="again")
    assert not Escalation.objects.exists()
    joined(place, other, lead)

    lead.refresh_from_db()
    [told] = Escalation.objects.all()
    assert (lead.urgency, told.subject_id, told.told) == ("critical", lead.pk, [leader.pk])
    assert (
        history(lead).get(verb="case.raise").reason
        == told.reason
        == "合并各件共涉及 10 人，达到集体诉求人数（10 人）"
    )


def raised(place, urgency: str = "urgent"):
    """A lead that a case of many people made critical, and that case."""
    lead, case = place.case(headcount=2, urgency=urgency), place.case(headcount=9)
    joined(place, case, lead)
    lead.refresh_from_db()
    assert lead.urgency == "critical"
    return lead, case


@pytest.mark.parametrize("undo", [leave, dissolve])
def test_undo_gives_back_the_urgency_of_the_lead_and_takes_back_what_was_reported(place, undo):
    lead, case = raised(place)
    city = Escalation.objects.get().region

    undo(case if undo is leave else lead, actor=place.clerk, reason="不是同一批人")

    lead.refresh_from_db()
    assert lead.urgency == "urgent"
    [told] = history(lead).filter(verb="case.lower")
    assert (told.before, told.after, told.actor_id) == (
        {"urgency": "critical"},
        {"urgency": "urgent"},
        place.clerk.pk,
    )
    assert told.reason == (
        "退出合并后共涉及 2 人，未达到集体诉求人数（10 人），恢复合并前的紧急程度“紧急”；"
        f"此前因合并向{city}的特急报告作废：不是同一批人"
    )


def test_a_lead_stays_critical_while_those_who_are_left_are_a_collective(place):
    lead, case = raised(place)
    other = place.case(headcount=9)
    joined(place, other, lead)

    leave(case, actor=place.clerk, reason="不是同一批人")
    lead.refresh_from_db()
    assert lead.urgency == "critical"

    leave(other, actor=place.clerk, reason="不是同一批人")
    lead.refresh_from_db()
    assert lead.urgency == "urgent"


def test_an_urgency_that_somebody_gave_by_hand_since_stays(place):
    lead, case = raised(place)
    advance(lead, "prioritise", actor=place.clerk, urgency="normal", note="已核实")
    advance(lead, "prioritise", actor=place.clerk, urgency="critical", note="现场有人受伤")

    leave(case, actor=place.clerk, reason="不是同一批人")

    lead.refresh_from_db()
    assert (lead.urgency, history(lead).filter(verb="case.lower").exists()) == ("critical", False)


def test_a_lead_that_lies_elsewhere_by_now_gets_its_urgency_back_all_the_same(place):
    lead, case = raised(place)
    Case.objects.filter(pk=lead.pk).update(region=RegionFactory(code="370202"))

    leave(case, actor=place.clerk, reason="不是同一批人")

    lead.refresh_from_db()
    assert lead.urgency == "urgent"


def test_the_rules_of_groups_cost_one_statement_for_a_case_in_none(place, django_assert_num_queries):
    case = Case.objects.get(pk=place.handling().pk)

    with django_assert_num_queries(1):
        assert [
            rule(case) for rule in (rules.is_not_led, rules.nobody_waits_for_it, rules.follows_its_lead)
        ] == [None] * 3


def test_the_database_keeps_a_case_from_two_groups(place):
    lead, case = place.handling(), place.accepted()
    member = joined(place, case, lead)

    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.create(
            group=Group.objects.create(opened_at=member.joined_at), case=case, kind="again",
            joined_at=member.joined_at, joined_by=place.clerk,
        )  # fmt: skip


def test_what_the_caller_follows_tells_nothing_of_the_group(place):
    lead, case = led(place)

    progress = track(case.number, "0000")

    assert lead.number not in str(progress)
    assert [step.label for step in progress.steps] == ["已收到，等待受理", "已受理", "正在办理"]


deeds = st.lists(
    st.tuples(st.sampled_from(["join", "leave", "dissolve"]), st.integers(0, 3), st.integers(0, 3)),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=deeds)
def test_undo_restores_all(place, steps):
    """Whatever is joined and set apart: rows, terms and open moves are those of cases that were never in a group."""
    with transaction.atomic():
        cases = [place.case(headcount=9), place.accepted(), place.accepted(), place.handling()]
        before = rows(cases)
        options = [outlook(case, actor=place.clerk) for case in cases]
        for verb, first, second in steps:
            try:
                if verb == "join":
                    joined(place, cases[first], cases[second])
                elif verb == "leave":
                    leave(cases[first], actor=place.clerk, reason=WHY)
                else:
                    dissolve(cases[first], actor=place.clerk, reason=WHY)
            except Refusal:
                pass
            assert (
                Member.objects.filter(left_at=None, leads=True).count()
                == Group.objects.filter(ended_at=None).count()
            )
        for member in Member.objects.filter(left_at=None, leads=True):
            dissolve(member.case, actor=place.clerk, reason=WHY)

        for case in cases:
            case.refresh_from_db()
        assert rows(cases) == before
        assert [outlook(case, actor=place.clerk) for case in cases] == options
        transaction.set_rollback(True)
