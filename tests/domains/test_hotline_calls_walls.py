"""Calls lie within the walls of their cases: no page puts a number beside a case whose caller it must not tell."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from tests.calls import CALLER, Board
from tests.faces.console import browser, text
from tests.factories import AccountFactory, OrganisationFactory
from yanzhen.domains.hotline.actions import register_case
from yanzhen.domains.hotline.calls import queries
from yanzhen.domains.hotline.calls.actions import end_with_reason, listen, tie_case
from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.calls.sources import count, differences
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.foundation.errors import NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db
LISTENER = "case.view call.view call.listen record.view"


def taken(board: Board, **appeal: Any) -> tuple[Call, Case]:
    """An answered call with the case that it became."""
    call = board.answered(recordingUrl="https://pbx.local/c1.wav")
    given = {"body": "单位拖欠三个月工资，请求帮助追讨。", "phone": CALLER} | appeal
    if given.get("anonymous"):
        given["phone"] = ""
    case = register_case(Appeal(region=board.place.region.code, **given), actor=None, channel="phone").case
    return tie_case(call, case.number, actor=board.agent), case


def listener(board: Board, **more: Any) -> Account:
    return AccountFactory(grants=[(board.place.region.parent, None, LISTENER)], **more)


def test_a_call_keeps_that_an_anonymous_case_came_of_it_and_not_which():
    board = Board()
    call, case = taken(board, anonymous=True)
    call.refresh_from_db()

    assert (call.case, call.outcome, call.finished) == (None, "anonymous", True)
    assert case.number not in str([(r.before, r.after, r.reason) for r in history(call)])
    page = text(browser(board.agent).get(f"/console/calls/{call.pk}/"))
    assert "已登记匿名诉求" in page
    assert case.number not in page
    assert tie_case(call, case.number, actor=board.agent) == call
    other = board.place.case()
    with pytest.raises(Refusal, match="这通电话已有结果：已登记匿名诉求。"):
        tie_case(call, other.number, actor=board.agent)


def test_a_repeated_call_about_an_anonymous_case_is_not_tied_to_it_either():
    board = Board()
    call = board.answered()
    case = board.place.case(anonymous=True, phone="", name="")

    end_with_reason(call, Call.Reason.REPEAT, actor=board.agent, case_number=case.number)

    call.refresh_from_db()
    assert (call.case, call.outcome) == (None, "anonymous")


def test_the_comparison_counts_an_anonymous_case_as_what_its_call_became():
    board = Board()
    taken(board, anonymous=True)
    today = timezone.localdate()

    found = count(today)

    assert (found.incoming, found.cases) == (1, 1)
    assert differences(today) == []


def test_the_number_of_a_secret_case_stands_beside_its_callers_only_for_those_who_may_know_them():
    board = Board()
    call, case = taken(board, secret=True)
    agent, stranger = browser(board.agent), browser(listener(board))
    Call.objects.filter(pk=call.pk).update(started_at=timezone.now() - timedelta(minutes=5))
    again = board.ring("c2")

    for page in (f"/console/calls/{call.pk}/", "/console/calls/all/", f"/console/calls/{again.pk}/"):
        assert case.number not in stranger.get(page).content.decode(), page
    assert "已登记工单" in text(stranger.get(f"/console/calls/{call.pk}/"))
    assert queries.cases_of(again, board.agent) == []
    assert case.number not in agent.get("/console/calls/").content.decode()
    grant = board.agent.grants.get()
    grant.role.rights = [*grant.role.rights, "case.reveal"]
    grant.role.save()
    assert case.number in agent.get(f"/console/calls/{call.pk}/").content.decode()
    assert queries.cases_of(again, Account.objects.get(pk=board.agent.pk)) == [case]


@pytest.mark.parametrize("anonymous", [False, True])
def test_the_accused_unit_neither_sees_nor_hears_the_call_of_a_case_against_it(anonymous):
    board = Board()
    unit = OrganisationFactory(region=board.place.region, kind="other", name="某服务中心")
    insider, other = listener(board, organisation=unit), listener(board)
    call, _case = taken(board, employer="某 服务中心", anonymous=anonymous)

    assert list(queries.seen(insider)) == []
    assert list(queries.seen(other)) == [call]
    with pytest.raises(NotAllowed):
        listen(call, actor=insider, reason="核对通话内容")
    assert listen(call, actor=other, reason="核对通话内容") == "https://pbx.local/c1.wav"


def test_an_update_keeps_calls_from_the_accused_unit():
    board = Board()
    unit = OrganisationFactory(region=board.place.region, kind="other", name="某服务中心（演示）")
    call, _case = taken(board, employer="某服务中心（演示）有限公司", anonymous=True)
    Call.objects.filter(pk=call.pk).update(employer_key="某服务中心演示有限公司")

    import_module("yanzhen.domains.hotline.calls.migrations.0003_unit_key_robust").alone(apps, None)

    call.refresh_from_db()
    assert call.is_kept_from(AccountFactory(organisation=unit))
