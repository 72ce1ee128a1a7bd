"""Studios: what may be granted, and that nothing is paid before its review has passed, by somebody else."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.craftsmen import HALF, Works
from tests.factories import AccountFactory, LineFactory, RegionFactory
from yanzhen.domains.craftsmen import rules
from yanzhen.domains.craftsmen.actions.studios import GrantRefused, found_studio, make_grant
from yanzhen.domains.craftsmen.indicators import GRANTED
from yanzhen.domains.craftsmen.models import Grant, Instalment, Studio
from yanzhen.domains.craftsmen.queries.registers import grants_of, instalments, studios
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.indicators.declare import Period
from yanzhen.engines.indicators.figures import figure
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.refusals import MoveRefused, NoSuchMove
from yanzhen.foundation.errors import Invalid, NotAllowed

pytestmark = pytest.mark.django_db
PARTS = ((HALF, "挂牌并完成年度计划"), (HALF, "完成两项攻关，带徒三名"))
PASSED = {"opinion": "现场查看，考核要求已经达到。"}
YEAR = Period(date(2000, 1, 1), date(2100, 1, 1))


def granted(here: Works, studio: Studio | None = None, **changes: Any) -> list[Instalment]:
    given = {
        "title": "qilu_craftsman", "total_yuan": 2 * HALF, "document": "鲁工发3号", "parts": PARTS, "actor": here.officer,
    }  # fmt: skip
    grant = make_grant(studio or here.studio(), **(given | changes))
    return list(grant.instalments.order_by("order"))


def pay(row: Instalment, here: Works, **changes: Any) -> Instalment:
    given = {"paid_on": timezone.localdate(), "voucher": "2026-001"}
    return advance(row, "pay", actor=here.payer, **(given | changes))


def test_an_instalment_is_reviewed_by_one_and_paid_by_another(here: Works):
    first, second = granted(here)

    with pytest.raises(NoSuchMove):
        pay(first, here)
    first = advance(first, "pass", actor=here.approver, **PASSED)
    both = AccountFactory(grants=[(here.province, None, "studio.view studio.review studio.pay")])
    second = advance(second, "pass", actor=both, **PASSED)
    with pytest.raises(MoveRefused, match="第 1 期现为“评审通过，待拨付”"):
        pay(second, here)
    first = pay(first, here)
    with pytest.raises(MoveRefused, match="须由他人办理"):
        advance(second, "pay", actor=both, paid_on=timezone.localdate(), voucher="1")

    assert (first.state, second.state) == ("paid", "passed")
    assert figure(GRANTED, account=here.officer, region=here.province, period=YEAR).value == HALF


def test_a_review_that_failed_may_pass_later_and_a_payment_is_not_of_tomorrow(here: Works):
    first, _ = granted(here)
    first = advance(first, "fail", actor=here.approver, opinion="年度计划没有完成，限期整改。")
    first = advance(first, "pass", actor=here.approver, **PASSED)

    with pytest.raises(MoveRefused, match="不能在今天之后"):
        pay(first, here, paid_on=timezone.localdate() + timedelta(days=1))

    assert Instalment.objects.get(pk=first.pk).state == "passed"


def test_the_database_takes_no_payment_without_a_review(here: Works):
    first, _ = granted(here)

    with pytest.raises(IntegrityError), transaction.atomic():
        Instalment.objects.filter(pk=first.pk).update(state="paid", paid_on=date(2026, 1, 1), voucher="1")


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"total_yuan": Decimal(50_001)}, Invalid, "上限 50000 元"), ({"parts": PARTS[:1]}, Invalid, "须等于资助总额"), ({"parts": ()}, Invalid, "至少一期"),
        ({"document": " "}, Invalid, "文号"), ({"title": "qilu_master"}, GrantRefused, "没有有效的“齐鲁大工匠”"), ({"title": "nation_craftsman"}, Invalid, "没有"),
    ],
)  # fmt: skip
def test_a_grant_that_can_not_be_is_refused_and_nothing_is_kept(here: Works, changes, error, told: str):
    with pytest.raises(error, match=told):
        granted(here, **changes)

    assert Grant.objects.count() == Instalment.objects.count() == 0


def test_one_title_is_granted_for_once_and_only_in_good_standing(here: Works):
    studio = here.studio()
    granted(here, studio)
    with pytest.raises(GrantRefused, match="只资助一次"):
        granted(here, studio)

    other = here.studio(name="另一个工作室")
    Honour.objects.filter(person=other.lead).update(state="suspended")
    with pytest.raises(GrantRefused, match="没有有效的"):
        granted(here, other)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_parts_are_good_exactly_when_they_add_up(amounts: list[int]):
    parts = [Decimal(each) / 100 for each in amounts]

    assert rules.parts_problem(parts, sum(parts, Decimal(0))) is None
    assert rules.parts_problem(parts, sum(parts, Decimal(0)) + 1) is not None
    assert rules.parts_problem([*parts, Decimal(0)], sum(parts, Decimal(0))) is not None


def test_from_another_place_or_line_nothing_is_seen_or_written(here: Works):
    lead = here.titled("qilu_craftsman")
    studio = here.studio(lead)
    granted(here, studio)
    rights = "studio.view studio.edit studio.review studio.pay"
    for grant in (
        (RegionFactory(code="371702"), None, rights),
        (here.region, LineFactory(code="court"), rights),
    ):
        stranger = AccountFactory(grants=[grant])
        assert (studios(stranger).count(), instalments(stranger).count()) == (0, 0)
        with pytest.raises(NotAllowed):
            found_studio(
                name="新", lead=lead, organisation=here.unit, founded_on=date(2024, 1, 1), actor=stranger
            )
        with pytest.raises(NotAllowed):
            granted(here, studio, actor=stranger)


def test_studios_are_listed_with_what_was_granted_and_paid_in_one_statement(
    here: Works, django_assert_num_queries
):
    first, _ = granted(here)
    pay(advance(first, "pass", actor=here.approver, **PASSED), here)
    here.studio(name="没有资助的工作室")

    with django_assert_num_queries(1):
        found = {row.name: (row.granted, row.paid) for row in studios(here.officer)}

    assert found == {"王建国工作室": (2 * HALF, HALF), "没有资助的工作室": (None, None)}
    assert [p.order for g in grants_of(studios(here.officer).get(parts=2)) for p in g.instalments.all()] == [
        1,
        2,
    ]


def test_a_studio_has_one_name_at_a_unit(here: Works):
    lead = here.titled("qilu_craftsman")
    here.studio(lead)

    with pytest.raises(Invalid, match="同名"):
        here.studio(lead)
