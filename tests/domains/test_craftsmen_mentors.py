"""Who teaches whom: the contract, capacity, milestones by two people, proposals, ties, the formation."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.craftsmen import RESULT, STEPS, Works, contract
from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.domains.craftsmen import rules
from yanzhen.domains.craftsmen.actions.mentorships import (
    MentorshipRefused,
    confirm_milestone,
    report_milestone,
    seek,
    withdraw_seeking,
)
from yanzhen.domains.craftsmen.indicators import GRADUATED, MENTORSHIPS, TEACHING
from yanzhen.domains.craftsmen.models import Mentorship, Milestone, Seeking
from yanzhen.domains.craftsmen.pairing import propose_pairs
from yanzhen.domains.craftsmen.queries.formation import Flock, formation
from yanzhen.domains.craftsmen.queries.people import Tie, conflicts_of, mentors_of
from yanzhen.domains.craftsmen.queries.registers import mentorships, milestones_of, seekings
from yanzhen.domains.craftsmen.titles import Role
from yanzhen.engines.indicators.declare import Period
from yanzhen.engines.indicators.figures import figure
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.refusals import MoveNotAllowed, MoveRefused
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Record
from yanzhen.foundation.parameters import forget_parameters, set_parameter

pytestmark = pytest.mark.django_db
TOLD = "独立完成转向架焊接，探伤一次合格。"


def capacity(most: int) -> None:
    set_parameter(
        "craftsmen.mentor_capacity", most, actor=None, unit="count", starts_on=date(2020, 1, 1), source="测试", grade="D",
        reason="测试", region="370000",
    )  # fmt: skip
    forget_parameters()


def test_a_mentorship_lies_with_the_apprentice_and_knows_its_role(here: Works):
    mentor = here.titled("qilu_craftsman", "qilu_master", "luban_chief")

    row = here.proposed(mentor)

    assert (row.state, row.region_id, row.mentor_title, row.role) == (
        "proposed",
        "370102",
        "luban_chief",
        Role.LEAD,
    )
    assert row.heading == "王** → 李**"
    assert [(m.order, m.text, m.due_on) for m in milestones_of(row)] == [
        (n, *step) for n, step in enumerate(STEPS, 1)
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"ends_on": date(2026, 1, 1)}, "在起始之后"), ({"steps": ()}, "至少一个阶段目标"),
        ({"steps": (("过期", date(2028, 1, 1)),)}, "在协议期内"),
    ],
)  # fmt: skip
def test_a_contract_that_can_not_hold_is_refused_and_nothing_is_kept(here: Works, changes, told: str):
    with pytest.raises(Invalid, match=told):
        here.proposed(here.titled("qilu_craftsman"), **changes)

    assert Mentorship.objects.count() == Milestone.objects.count() == 0


def test_nobody_teaches_oneself_and_an_apprentice_has_one_mentor_at_a_time(here: Works):
    mentor, apprentice = here.titled("qilu_craftsman"), here.person("李小明")
    with pytest.raises(Invalid, match="同一人"):
        here.proposed(mentor, mentor)
    here.active(mentor, apprentice)

    with pytest.raises(MentorshipRefused, match="只拜一位师傅"):
        here.proposed(here.titled("qilu_craftsman"), apprentice)


def test_it_is_confirmed_by_a_second_person_with_the_contract_there(here: Works):
    row = here.proposed(here.titled("qilu_craftsman"))
    both = AccountFactory(
        grants=[(here.province, None, "mentorship.view mentorship.edit mentorship.confirm")]
    )
    own = here.proposed(here.titled("qilu_craftsman"), here.person("周小强"), actor=both)
    contract(own, both)

    with pytest.raises(MoveRefused, match="师徒协议"):
        advance(row, "confirm", actor=here.approver)
    with pytest.raises(MoveNotAllowed):
        advance(row, "confirm", actor=here.officer)
    with pytest.raises(MoveRefused, match="须由他人办理"):
        advance(own, "confirm", actor=both)
    contract(row, here.officer)

    assert advance(row, "confirm", actor=here.approver).state == "active"


def test_a_mentor_takes_no_more_than_the_parameter_says(here: Works):
    capacity(1)
    mentor = here.titled("qilu_craftsman")
    first = here.active(mentor)
    second = here.proposed(mentor, here.person("周小强"))
    contract(second, here.officer)

    with pytest.raises(MoveRefused, match="已带 1 名徒弟，上限 1 名"):
        advance(second, "confirm", actor=here.approver)
    advance(first, "stop", actor=here.approver, result="徒弟调离本省，协议终止。", note="调动")

    assert advance(second, "confirm", actor=here.approver).state == "active"


def test_somebody_without_a_title_is_no_mentor_of_the_formation(here: Works):
    row = here.proposed(here.person())
    contract(row, here.officer)

    with pytest.raises(MoveRefused, match="没有有效的工匠称号"):
        advance(row, "confirm", actor=here.approver)


def test_a_milestone_is_reported_by_one_and_confirmed_by_another(here: Works):
    row = here.active(here.titled("qilu_craftsman"))
    first, second = milestones_of(row)
    worker = AccountFactory(person=row.apprentice)

    with pytest.raises(MentorshipRefused, match="还没有填报"):
        confirm_milestone(first, actor=here.approver)
    with pytest.raises(Invalid):
        report_milestone(first, evidence="好", actor=worker)
    report_milestone(first, evidence=TOLD, actor=worker)
    with pytest.raises(NotAllowed):
        confirm_milestone(first, actor=worker)
    both = AccountFactory(
        grants=[(here.province, None, "mentorship.view mentorship.edit mentorship.confirm")]
    )
    report_milestone(second, evidence=TOLD, actor=both)
    with pytest.raises(NotAllowed, match="须由他人确认"):
        confirm_milestone(second, actor=both)
    confirm_milestone(first, actor=here.approver)

    with pytest.raises(MentorshipRefused, match="不能再改"):
        report_milestone(first, evidence=TOLD, actor=worker)
    assert [m.confirmed_by for m in milestones_of(row)] == [here.approver, None]
    assert Record.objects.filter(verb__startswith="milestone.").count() == 3


def test_only_with_all_milestones_confirmed_and_a_result_does_it_end_well(here: Works):
    row = here.active(here.titled("qilu_craftsman"))
    with pytest.raises(MoveRefused, match="还有 2 个阶段目标"):
        advance(row, "graduate", actor=here.approver, result=RESULT)
    for each in milestones_of(row):
        confirm_milestone(report_milestone(each, evidence=TOLD, actor=here.officer), actor=here.approver)
    with pytest.raises(MoveRefused, match="带徒结果"):
        advance(row, "graduate", actor=here.approver, result="好")

    assert advance(row, "graduate", actor=here.approver, result=RESULT).state == "graduated"


def test_from_another_place_or_line_nothing_is_seen_or_written(here: Works):
    row = here.active(here.titled("qilu_craftsman"))
    seek(person=here.person("孙小艺"), organisation=here.unit, trade="车工", actor=here.officer)
    rights = "mentorship.view mentorship.edit mentorship.confirm honour.view"
    for grant in (
        (RegionFactory(code="371702"), None, rights),
        (here.region, LineFactory(code="court"), rights),
    ):
        stranger = AccountFactory(grants=[grant])
        assert (mentorships(stranger).count(), seekings(stranger).count()) == (0, 0)
        with pytest.raises(NotAllowed):
            here.proposed(here.person(), here.person(), actor=stranger)
        with pytest.raises(NotAllowed):
            report_milestone(milestones_of(row)[0], evidence=TOLD, actor=stranger)
        with pytest.raises(NotAllowed):
            seek(person=here.person(), organisation=here.unit, trade="车工", actor=stranger)


def test_a_wish_is_kept_once_and_ends_when_a_mentor_is_found(here: Works):
    apprentice = here.person("李小明")
    row = seek(person=apprentice, organisation=here.unit, trade="焊工", actor=here.officer)
    with pytest.raises(MentorshipRefused, match="已经登记"):
        seek(person=apprentice, organisation=here.unit, trade="焊工", actor=here.officer)

    here.active(here.titled("qilu_craftsman"), apprentice)

    row.refresh_from_db()
    assert row.closed_at is not None
    with pytest.raises(MentorshipRefused, match="已有师傅"):
        seek(person=apprentice, organisation=here.unit, trade="焊工", actor=here.officer)
    other = seek(person=here.person("周小强"), organisation=here.unit, trade="焊工", actor=here.officer)
    assert withdraw_seeking(other, actor=here.officer).closed_at is not None
    assert Seeking.objects.filter(closed_at=None).count() == 0


@given(
    *[
        st.tuples(
            st.integers(1, 3),
            st.sampled_from(["370102", "370103", "370202"]),
            st.sampled_from(["", "C3670", "C3512", "B0610"]),
        )
    ]
    * 2
)
def test_a_misfit_is_the_same_both_ways_and_never_beyond_the_price_of_staying_without(one, other):
    found = rules.misfit(one, other)

    assert found == rules.misfit(other, one) or one[2] != other[2]
    assert 0 <= found < rules.TOO_FAR


def test_proposals_prefer_the_near_and_the_same_trade_and_keep_capacity(
    here: Works, django_assert_max_num_queries
):
    capacity(1)
    far = OrganisationFactory(
        region=RegionFactory(code="370202"), line=here.unit.line, industry="B0610", kind="enterprise"
    )
    near, distant = here.titled("qilu_craftsman"), here.titled("qilu_craftsman", unit=far)
    seekers = [
        seek(person=here.person(f"{n}小明"), organisation=body, trade="焊工", actor=here.officer)
        for n, body in (("李", here.unit), ("周", far), ("吴", here.unit))
    ]

    with django_assert_max_num_queries(8):
        found = propose_pairs(here.officer)

    assert {(p.seeking.organisation_id, p.honour.person_id) for p in found.pairs} == {
        (here.unit.pk, near.pk), (far.pk, distant.pk),
    }  # fmt: skip
    assert {p.why for p in found.pairs} == {"同单位，同行业大类"}
    assert [why for _, why in found.without] == ["可选的师傅名额已满：请先增加师傅，或等待出师"]
    assert propose_pairs(here.officer) == found
    assert len(seekers) == Seeking.objects.filter(closed_at=None).count()


def test_nobody_to_match_is_no_proposal(here: Works):
    assert propose_pairs(here.officer).stamp is None
    seek(person=here.person(), organisation=here.unit, trade="焊工", actor=here.officer)
    assert [why for _, why in propose_pairs(here.officer).without] == ["本人权限范围内没有可带徒的称号获得者"]


def test_panels_are_told_who_is_tied_by_a_mentorship(here: Works, django_assert_num_queries):
    capacity(3)
    mentor, one, other, stranger = here.titled("qilu_craftsman"), here.person(), here.person(), here.person()
    here.active(mentor, one)
    advance(
        here.active(mentor, other),
        "stop",
        actor=here.approver,
        result="徒弟调离本省，协议终止。",
        note="调动",
    )
    here.proposed(mentor, stranger)

    with django_assert_num_queries(3):
        ties = conflicts_of([mentor.pk, one.pk, other.pk, stranger.pk])

    assert ties == [
        Tie(mentor.pk, one.pk, "mentor"),
        Tie(mentor.pk, other.pk, "mentor"),
        Tie(one.pk, other.pk, "same_mentor"),
    ]
    assert conflicts_of([one.pk, stranger.pk]) == []


def test_a_worker_reads_the_own_mentor_and_the_next_step(here: Works):
    row = here.active(here.titled("qilu_craftsman"))

    (found,) = mentors_of(row.apprentice)

    assert (found.mentor, found.title, found.role, found.state) == ("王**", "齐鲁工匠", Role.WING, "带徒中")
    assert (found.next_step, found.next_due_on) == STEPS[0]
    assert mentors_of(row.mentor) == []


def test_the_formation_counts_everybody_once_where_they_are(here: Works, django_assert_max_num_queries):
    other = OrganisationFactory(
        region=RegionFactory(code="370202"), line=here.unit.line, industry="B0610", kind="enterprise"
    )
    RegionFactory(code="370200", level="city", parent=here.province, name="市3702")
    lead = here.titled("qilu_craftsman", "qilu_master", "luban_chief")
    wing = here.titled("qilu_craftsman", unit=other)
    here.active(lead, wing, organisation=other)
    here.active(lead)

    with django_assert_max_num_queries(12):
        found = formation(here.officer, here.province)
    by_industry = formation(here.officer, here.province, "industry")

    assert found.flocks == (Flock("370100", "市3701", 1, 0, 1), Flock("370200", "市3702", 0, 1, 0))
    assert {(f.key, f.size) for f in by_industry.flocks} == {("C", 2), ("B", 1)}
    assert (found.whole.size, by_industry.whole.size) == (3, 3)
    health = found.health
    assert (health.leads, health.leads_teaching, health.share, health.without_lead) == (
        1,
        1,
        100,
        ("市3702",),
    )
    assert health.overdue == Milestone.objects.filter(due_on__lt=timezone.localdate()).count()


def test_the_figures_of_the_network(here: Works):
    lead = here.titled("nation_craftsman")
    here.titled("nation_craftsman")
    row = here.active(lead)
    here.proposed(lead, here.person("周小强"))
    scope = {
        "account": here.officer,
        "region": here.province,
        "period": Period(date(2000, 1, 1), date(2100, 1, 1)),
    }

    assert [figure(i, **scope).value for i in (TEACHING, MENTORSHIPS, GRADUATED)] == [50, 1, None]
    advance(row, "stop", actor=here.approver, result="徒弟调离本省，协议终止。", note="调动")
    assert [figure(i, **scope).value for i in (TEACHING, MENTORSHIPS, GRADUATED)] == [0, 1, 0]
