"""Nobody is passed round: returns with a counter-proposal, the coordinator's decision, another handler, the accused unit."""

from __future__ import annotations

import pytest

from tests.factories import AccountFactory, LineFactory, OrganisationFactory
from tests.hotline import REPLY, county
from yanzhen.domains.hotline.queries import returned, worklist
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.refusals import MoveRefused
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db


def test_a_return_needs_a_reason_and_a_unit_that_should_handle_it():
    place = county()
    case = place.handling()

    with pytest.raises(Invalid):
        advance(case, "send_back", actor=place.handler, note="不属本单位")
    with pytest.raises(MoveRefused, match="须填写说明"):
        advance(case, "send_back", actor=place.handler, counter_proposal=place.union)


def test_the_second_return_goes_to_the_coordinator_whose_decision_stands():
    place = county()
    other = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"), kind="government")
    back = {"actor": place.handler, "counter_proposal": other, "note": "不属本单位职责"}
    case = advance(place.handling(), "send_back", **back)
    case = advance(case, "assign", actor=place.clerk, organisation=place.union)

    with pytest.raises(MoveRefused, match="报协调人裁定"):
        advance(case, "send_back", **back)
    case = advance(case, "dispute", **back)
    assert (case.state, case.returns, case.organisation) == ("disputed", 2, None)
    case = advance(case, "settle", actor=place.clerk, organisation=place.union, note="劳动报酬争议由工会牵头")

    for code in ("send_back", "dispute"):
        with pytest.raises(MoveRefused, match="已由协调人裁定"):
            advance(case, code, **back)


def test_what_the_coordinator_decided_only_the_coordinator_changes():
    place = county()
    other = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"), kind="government")
    back = {"actor": place.handler, "counter_proposal": other, "note": "不属本单位职责"}
    case = place.handling()
    with pytest.raises(MoveRefused, match="由派单员改派"):
        advance(case, "settle", actor=place.clerk, organisation=other, note="改由人社办理")
    case = advance(case, "send_back", **back)
    case = advance(case, "assign", actor=place.clerk, organisation=place.union)
    case = advance(case, "dispute", **back)
    case = advance(case, "settle", actor=place.clerk, organisation=place.union, note="由工会牵头")

    with pytest.raises(MoveRefused, match="由协调人变更裁定"):
        advance(case, "reassign", actor=place.clerk, organisation=other, note="改由人社办理")
    case = advance(case, "settle", actor=place.clerk, organisation=other, note="单位职责已调整")

    assert (case.state, case.organisation, case.handler, case.returns) == ("handling", other, None, 2)


def test_a_unit_that_returns_a_case_does_not_propose_itself():
    place = county()
    case = place.handling()
    back = {"actor": place.handler, "counter_proposal": place.union, "note": "不属本单位职责"}

    with pytest.raises(MoveRefused, match="不能是本单位"):
        advance(case, "send_back", **back)

    other = OrganisationFactory(region=place.region)
    case = advance(case, "send_back", **{**back, "counter_proposal": other})
    case = advance(case, "assign", actor=place.clerk, organisation=place.union)
    with pytest.raises(MoveRefused, match="不能是本单位"):
        advance(case, "dispute", **back)


def test_who_decides_is_told_who_returned_the_case_whom_they_proposed_and_why():
    place = county()
    first = OrganisationFactory(region=place.region, name="历下区人社局")
    second = OrganisationFactory(region=place.region, name="历下区住建局")
    case = place.handling()
    assert returned(case) == ()
    case = advance(case, "send_back", actor=place.handler, counter_proposal=first, note="属劳动监察职责")
    case = advance(case, "assign", actor=place.clerk, organisation=place.union)
    case = advance(case, "dispute", actor=place.handler, counter_proposal=second, note="属工程建设领域")

    assert returned(case) == (
        f"{place.union.name}退回，建议由历下区人社局承办：属劳动监察职责",
        f"{place.union.name}退回，建议由历下区住建局承办：属工程建设领域",
    )


def test_a_quality_check_has_what_was_left_unsolved_handled_by_somebody_else():
    place = county()

    case = advance(place.called_back(solved=False), "overrule", actor=place.clerk, note="可以再办")

    assert (case.state, case.handler, case.former_handler) == ("handling", None, place.handler)
    with pytest.raises(MoveRefused, match="只有回访为“未解决”或“不满意”"):
        advance(place.called_back(), "overrule", actor=place.clerk, note="可以再办")


def test_a_first_return_is_no_dispute():
    place = county()

    with pytest.raises(MoveRefused, match="首次退回"):
        advance(
            place.handling(), "dispute", actor=place.handler, counter_proposal=place.union, note="不属本单位"
        )


def test_what_was_left_unsolved_is_handled_by_somebody_else():
    place = county()
    case = advance(place.called_back(solved=False), "redo", actor=place.clerk, note="工资仍未发")

    assert case.former_handler == place.handler
    with pytest.raises(MoveRefused, match="须另行指定承办人"):
        advance(case, "claim", actor=place.handler, handler=place.handler)
    with pytest.raises(MoveRefused, match="须另行指定承办人"):
        advance(case, "answer", actor=place.handler, reply=REPLY)
    case = advance(case, "claim", actor=place.deputy, handler=place.deputy)
    assert advance(case, "answer", actor=place.deputy, reply=REPLY).state == "answered"


def test_what_the_caller_calls_unsolved_is_not_failed_back_to_the_same_handler():
    place = county()
    case = place.called_back(solved=False)

    with pytest.raises(MoveRefused, match="不能退给原承办人"):
        advance(case, "fail_check", actor=place.clerk, note="答复没有依据")

    case.refresh_from_db()
    assert (case.state, case.handler) == ("called_back", place.handler)


@pytest.mark.parametrize("solved", [True, False])
def test_what_is_opened_again_is_handled_by_somebody_else(solved):
    place = county()
    ending = ("close", "") if solved else ("close_unsolved", "没有依据")
    case = advance(place.called_back(solved=solved), ending[0], actor=place.clerk, note=ending[1])
    case = advance(case, "reopen", actor=place.clerk, note="单位未履行承诺")

    assert (case.handler, case.former_handler) == (None, place.handler)
    with pytest.raises(MoveRefused, match="须另行指定承办人"):
        advance(case, "answer", actor=place.handler, reply=REPLY)
    assert advance(case, "answer", actor=place.deputy, reply=REPLY).state == "answered"


def test_the_accused_unit_neither_handles_nor_sees_the_case():
    place = county()
    accused = OrganisationFactory(region=place.region, kind="other", name="某服务中心", aliases=["服务中心"])
    insider = AccountFactory(grants=[(place.region, None, "case.view case.handle")], organisation=accused)
    case = place.case(employer="服务中心")
    case = advance(case, "accept", actor=place.clerk, category=place.category)

    assert list(worklist(insider)) == []
    assert list(worklist(place.handler)) == [case]
    with pytest.raises(MoveRefused, match="被反映的单位"):
        advance(case, "assign", actor=place.clerk, organisation=accused)


@pytest.mark.parametrize(
    "written", ["臨沂市（蘭山區）服務中心", "临沂市(兰山区) 服务中心 ", "临沂市（兰山区）服务中心"]
)
def test_the_accused_unit_is_known_however_its_name_is_written(written):
    place = county()
    accused = OrganisationFactory(region=place.region, kind="other", name="临沂市（兰山区）服务中心")
    insider = AccountFactory(grants=[(place.region, None, "case.view")], organisation=accused)

    case = place.case(employer=written)

    assert list(worklist(insider)) == []
    assert not insider.has_right("case.view", case)


def test_a_name_that_two_units_share_bars_both():
    place = county()
    units = [OrganisationFactory(region=place.region, aliases=["华兴公司"]) for _ in range(2)]
    insiders = [AccountFactory(grants=[(place.region, None, "case.view")], organisation=u) for u in units]
    case = place.case(employer="华兴公司")

    assert [list(worklist(insider)) for insider in insiders] == [[], []]
    assert list(worklist(place.clerk)) == [case]


def test_a_unit_that_is_registered_or_named_later_is_barred_from_then_on():
    place = county()
    unit = OrganisationFactory(region=place.region)
    insider = AccountFactory(grants=[(place.region, None, "case.view")], organisation=unit)
    case = place.case(employer="华兴公司")
    assert list(worklist(insider)) == [case]

    unit.aliases = ["华兴公司"]
    unit.save()

    assert list(worklist(Account.objects.get(pk=insider.pk))) == []
