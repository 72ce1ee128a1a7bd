"""Honours: who may hold what, how they end, who decides, and that nothing is written where something is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.honours import CAUSE, REPORT, Ladder, title
from yanzhen.engines.honours import rules
from yanzhen.engines.honours.actions import award, award_many, end_terms
from yanzhen.engines.honours.declare import Titles
from yanzhen.engines.honours.models import Credential, Honour
from yanzhen.engines.honours.queries import register, titles_of
from yanzhen.engines.honours.reports import review_report, submit_report
from yanzhen.engines.honours.templates import Template
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.queries import to_do
from yanzhen.engines.procedures.refusals import MoveNotAllowed, MoveRefused
from yanzhen.foundation.errors import DeclarationError, Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Record

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ({"code": "a", "prefix": "AA"}, {"code": "b", "prefix": "AA"}, "its numbers look like those of a"),
        ({"code": "a", "prefix": "AA"}, {"code": "b", "prefix": "BB", "requires": "c"}, "requires c"),
        (
            {"code": "a", "prefix": "AA", "rank": 2},
            {"code": "b", "prefix": "BB", "requires": "a"},
            "lower rank",
        ),
        ({"code": "a", "prefix": "AA"}, {"code": "a", "prefix": "BB"}, "declared twice"),
    ],
)
def test_titles_that_contradict_each_other_are_refused_at_import(first: Any, second: Any, problem: str):
    registry = Titles("title")
    registry.add(title(**first))

    with pytest.raises(DeclarationError, match=problem):
        registry.add(title(**second))


@pytest.mark.parametrize("number", ["", "{year}{serial:04}{check}", "AB-{serial:04}{check}", "AB-{year}-{serial:04}", "ab-{year}-{serial:04}{check}"])  # fmt: skip
def test_a_template_has_letters_a_year_a_serial_and_a_check_character(number):
    with pytest.raises(DeclarationError):
        Template(number)


def test_an_honour_has_number_term_place_record_and_credential(ladder: Ladder):
    person = ladder.person("欧阳修远")

    honour = award(
        ladder.given(
            person=person, document="鲁工发 2026 年 12 号", source_kind="test.application", source_id=7
        ),
        actor=ladder.awarder,
    )

    stored = Honour.objects.get(pk=honour.pk)
    assert (
        stored.number, stored.state, stored.holder_mask, stored.awarded_on, stored.term_until,
        stored.region_id, stored.line_id, stored.organisation, stored.source_kind, stored.source_id,
    ) == (
        "QLGJ-2026-0001L", "standing", "欧***", date(2026, 3, 2), date(2030, 3, 1),
        "370102", "union", ladder.unit, "test.application", 7,
    )  # fmt: skip
    assert Credential.objects.get(honour=honour).number == stored.number
    record = Record.objects.get(subject_type="honours.honour", subject_id=str(honour.pk))
    assert (record.verb, record.actor_id, record.grant_id) == (
        "start",
        ladder.awarder.pk,
        ladder.awarder.grants.get().pk,
    )


def test_what_somebody_else_awards_is_recorded_with_its_document_and_without_a_credential(ladder: Ladder):
    with pytest.raises(Invalid, match="请填写命名文件的文号"):
        ladder.honour("hero")

    honour = ladder.honour("hero", document="总工发 2026 年 3 号")

    assert (honour.state, honour.term_until, Credential.objects.count()) == ("standing", None, 0)


def test_a_higher_title_comes_from_a_lower_one_in_good_standing(ladder: Ladder):
    person = ladder.person()
    with pytest.raises(Invalid, match="须从有效的“称号craftsman”中产生"):
        ladder.honour("master", person=person)

    lower = ladder.honour(person=person)
    lower = advance(lower, "propose_suspension", actor=ladder.awarder, cause=CAUSE)
    assert titles_of(person) == {"craftsman"}
    advance(lower, "suspend", actor=ladder.approver, note="同意")

    with pytest.raises(Invalid, match="此人没有有效的该称号"):
        ladder.honour("master", person=person)


def test_nobody_holds_a_title_twice_at_a_time(ladder: Ladder):
    person = ladder.person()
    ladder.honour(person=person)

    with pytest.raises(Invalid, match=r"王\*\*：已持有"):
        ladder.honour(person=person)
    other = ladder.person("李四")
    with pytest.raises(Invalid, match=r"李\*：已持有"):
        award_many([ladder.given(person=other), ladder.given(person=other)], actor=ladder.awarder)


def test_a_list_with_one_wrong_row_awards_nothing_and_loses_no_number(ladder: Ladder):
    rows = [ladder.given(person=ladder.person("甲乙")), ladder.given("nothing", person=ladder.person("丙丁"))]

    with pytest.raises(Invalid) as caught:
        award_many(rows, actor=ladder.awarder)

    assert caught.value.data["reasons"] == ["丙*：没有“nothing”这一称号"]
    assert Honour.objects.count() == 0
    assert ladder.honour().number == "QLGJ-2026-0001L"


def test_a_day_to_come_and_a_term_that_is_over_are_refused(ladder: Ladder):
    with pytest.raises(Invalid, match="在今天之后"):
        ladder.honour(on=date(2099, 1, 1))
    with pytest.raises(Invalid, match="已满"):
        ladder.honour(on=date(2021, 1, 1))


def test_who_awards_needs_the_right_over_the_place_and_the_line(ladder: Ladder):
    rights = "honour.view honour.award"
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, rights)])
    other_line = AccountFactory(grants=[(ladder.region, LineFactory(code="court"), rights)])

    for account in (elsewhere, other_line):
        with pytest.raises(NotAllowed):
            award(ladder.given(), actor=account)
    assert Honour.objects.count() == 0


def test_the_statements_of_awarding_do_not_grow_with_the_list(ladder: Ladder, django_assert_max_num_queries):
    award(ladder.given(), actor=ladder.awarder)
    rows = [ladder.given(person=ladder.person(f"王{n}")) for n in range(150)]

    with django_assert_max_num_queries(45):
        made = award_many(rows, actor=ladder.awarder)

    assert [row.serial for row in made] == list(range(2, 152))


def test_the_register_shows_the_reach_and_nothing_else(ladder: Ladder, django_assert_num_queries):
    honour = ladder.honour()
    rights = "honour.view"
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, rights)])
    other_line = AccountFactory(grants=[(ladder.region, LineFactory(code="court"), rights)])
    ladder.reporter.reaches(rights)

    with django_assert_num_queries(1):
        assert list(register(ladder.reporter)) == [honour]
    assert [list(register(a)) for a in (elsewhere, other_line)] == [[], []]


def test_an_honour_in_force_waits_for_nobody_and_a_proposal_for_those_who_decide(ladder: Ladder):
    honour = ladder.honour()
    assert list(to_do(Honour, ladder.approver)) == []

    advance(honour, "propose_withdrawal", actor=ladder.awarder, cause=CAUSE)

    assert list(to_do(Honour, ladder.approver)) == [honour]


@pytest.mark.parametrize("proposal", ["propose_suspension", "propose_withdrawal"])
def test_a_measure_needs_a_cause_a_right_and_a_second_person(ladder: Ladder, proposal: str):
    honour = ladder.honour()
    with pytest.raises(MoveRefused, match="请写明事由"):
        advance(honour, proposal, actor=ladder.awarder, cause="不好")
    with pytest.raises(MoveNotAllowed):
        advance(honour, proposal, actor=ladder.reporter, cause=CAUSE)

    honour = advance(honour, proposal, actor=ladder.approver, cause=CAUSE)
    decision = {"propose_suspension": "suspend", "propose_withdrawal": "withdraw"}[proposal]
    with pytest.raises(MoveRefused, match="须由他人办理"):
        advance(honour, decision, actor=ladder.approver, note="同意")
    with pytest.raises(MoveNotAllowed):
        advance(honour, decision, actor=ladder.awarder, note="同意")

    second = AccountFactory(grants=[(ladder.region, None, "honour.view honour.approve")])
    with pytest.raises(MoveRefused, match="须填写说明"):
        advance(honour, decision, actor=second)
    done = advance(honour, decision, actor=second, note="事实清楚，同意")
    assert done.state == {"suspend": "suspended", "withdraw": "withdrawn"}[decision]


@pytest.mark.parametrize(
    ("before", "after"), [("standing", "standing"), ("suspended", "suspended"), ("ended", "ended")]
)
def test_what_is_not_agreed_to_stays_as_it_was(ladder: Ladder, before: str, after: str, time_machine_at):
    honour = ladder.honour()
    if before == "suspended":
        honour = advance(honour, "propose_suspension", actor=ladder.awarder, cause=CAUSE)
        honour = advance(honour, "suspend", actor=ladder.approver, note="同意")
    if before == "ended":
        time_machine_at("2030-03-02 01:00")
        end_terms(date(2030, 3, 2))
        honour.refresh_from_db()
    honour = advance(honour, "propose_withdrawal", actor=ladder.awarder, cause=CAUSE)

    honour = advance(honour, "refuse", actor=ladder.approver, note="证据不足")

    assert honour.state == after


def test_terms_end_once_and_on_their_day_alone(ladder: Ladder, time_machine_at):
    honour = ladder.honour()
    forever = ladder.honour("hero", document="总工发 2026 年 3 号")

    time_machine_at("2030-03-01 23:30")
    assert end_terms(date(2030, 3, 1)) == 0
    with pytest.raises(MoveRefused, match="尚未到期"):
        advance(honour, "end", actor=ladder.approver)
    time_machine_at("2030-03-02 00:10")
    assert (end_terms(date(2030, 3, 2)), end_terms(date(2030, 3, 2))) == (1, 0)

    states = dict(Honour.objects.values_list("pk", "state"))
    assert states == {honour.pk: "ended", forever.pk: "standing"}
    record = Record.objects.filter(subject_id=str(honour.pk), verb="move.end").get()
    assert record.actor_id is None


def test_after_its_end_a_title_may_be_awarded_again_under_a_new_number(ladder: Ladder, time_machine_at):
    person = ladder.person()
    first = ladder.honour(person=person)
    time_machine_at("2030-03-02 01:00")
    end_terms(date(2030, 3, 2))

    second = ladder.honour(person=person, on=date(2030, 3, 2))

    assert (first.number, second.number) == ("QLGJ-2026-0001L", "QLGJ-2030-00011")


def test_renewal_asks_for_a_report_that_passed(ladder: Ladder):
    honour = ladder.honour()
    longer = {"actor": ladder.approver, "term_until": date(2034, 3, 1), "note": "期满考核合格"}
    with pytest.raises(MoveRefused, match="还没有履职报告"):
        advance(honour, "renew", **longer)
    report = ladder.report(honour)
    with pytest.raises(MoveRefused, match="尚未评定"):
        advance(honour, "renew", **longer)
    review_report(report, actor=ladder.approver, grade="good")

    assert advance(honour, "renew", **longer).term_until == date(2034, 3, 1)


def test_a_report_is_graded_once_by_somebody_else(ladder: Ladder):
    honour = ladder.honour()
    ladder.report(honour)
    report = submit_report(honour, actor=ladder.reporter, year=2026, **REPORT | {"mentees": 4})
    both = AccountFactory(grants=[(ladder.region, None, "honour.report honour.review")])

    with pytest.raises(NotAllowed, match="没有“评定"):
        review_report(report, actor=ladder.reporter, grade="good")
    with pytest.raises(Invalid, match="须写明理由"):
        review_report(report, actor=ladder.approver, grade="fail", opinion="差")
    with pytest.raises(Invalid, match="请选择评定等次"):
        review_report(report, actor=ladder.approver, grade="best")
    review_report(report, actor=ladder.approver, grade="excellent")

    with pytest.raises(Refusal, match="不能重复评定"):
        review_report(report, actor=ladder.approver, grade="pass")
    with pytest.raises(Refusal, match="不能再改"):
        ladder.report(honour)
    own = submit_report(ladder.honour(person=ladder.person("赵六")), actor=both, year=2026, **REPORT)
    with pytest.raises(NotAllowed, match="填报人不能评定"):
        review_report(own, actor=both, grade="good")
    assert honour.reports.get().mentees == 4


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"year": 2025}, "year"), ({"year": 2099}, "year"), ({"mentees": -1}, "mentees"), ({"mentees": 1000}, "mentees"),
        ({"teaching_hours": "-1"}, "teaching_hours"), ({"teaching_hours": "x"}, "teaching_hours"), ({"text": " "}, "text"),
    ],
)  # fmt: skip
def test_a_report_that_can_not_be_is_refused_by_field(ladder: Ladder, changed: dict[str, Any], field: str):
    honour = ladder.honour()

    with pytest.raises(Invalid) as caught:
        submit_report(honour, actor=ladder.reporter, **{"year": 2026, **REPORT, **changed})

    assert list(caught.value.data["fields"]) == [field]


def test_a_report_comes_from_the_holders_place_and_line(ladder: Ladder):
    honour = ladder.honour()
    stranger = AccountFactory(grants=[(RegionFactory(code="370202"), None, "honour.report")])

    with pytest.raises(NotAllowed):
        submit_report(honour, actor=stranger, year=2026, **REPORT)


@given(st.dates(date(1990, 1, 1), date(2080, 12, 31)), st.integers(1, 600))
def test_terms_that_follow_each_other_leave_no_day_out(start: date, months: int):
    end = rules.last_day(start, months)

    assert end >= start
    if start.day <= 28:
        assert rules.last_day(date.fromordinal(end.toordinal() + 1), months) == rules.last_day(
            start, 2 * months
        )
