"""A day: one appeal from the ring to its end, by five people, with nothing but the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from tests.calls import Board
from tests.factories import AccountFactory
from tests.hotline import County
from tests.journeys.keyboard import Keyboard
from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.closing.models import Attempt, Survey
from yanzhen.domains.hotline.knowledge.models import Macro
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.routing import actions as routing
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import history

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BODY = "老板拖欠工资三个月，公司不交社保，请帮助追讨。"
DISPATCHER = "case.view case.accept case.assign case.refer organisation.view"
Opened = Callable[[Account, str], Keyboard]


@pytest.fixture
def sits_down(open_page: Callable[..., Page], address: str) -> Opened:
    """Return a function: `account` opens a page, logged in already, and has a keyboard alone."""

    def opened(account: Account, path: str) -> Keyboard:
        client = Client()
        client.force_login(account)
        page = open_page()
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": address}])
        keyboard = Keyboard(page)
        page.goto(path)
        return keyboard

    return opened


def officer(place: County, rights: str) -> Account:
    return AccountFactory(grants=[(place.region.parent, None, rights)])


def tell(board: Board, event: str, **more: Any) -> None:
    """Have the telephone system tell of the call, as it does: by the address with the token."""
    assert board.send(event, "day", **more).status_code == 200


def register(agent: Keyboard, board: Board) -> None:
    """Look the keys up; ring, answer, F2, type, take the suggestion over, save, hang up."""
    agent.press("?")
    agent.reads("提交正在填写的表单")
    agent.press("Escape")
    tell(board, "newCall", user=["8001"])
    agent.reads("138****2046")
    tell(board, "answer", answeringNumber="8001")
    agent.reads("通话中")

    agent.press("F2")
    agent.reads("来自通话 138****2046")
    agent.holds("诉求内容")
    agent.type(BODY)
    agent.tab_to("事发地")
    agent.choose("历下区")
    agent.tab_to("涉事单位")
    agent.type("演示机械有限公司")
    agent.tab_to("涉及人数")
    agent.tab_to("按内容建议类别")
    agent.press("Enter")
    agent.reads("企业拖欠工资")
    agent.tab_to("企业拖欠工资")
    agent.press("Enter")
    agent.holds("诉求类别")
    agent.press("Control+Enter")

    agent.reads("请告知诉求人并请其记下")
    tell(board, "hangup")
    agent.press("F8")
    agent.reads("没有来电")


def dispatch(dispatcher: Keyboard, place: County) -> None:
    """From the box: accept what was suggested, then give it to whom the table proposes."""
    dispatcher.press("F9", "Enter")
    dispatcher.reads("可以办理")
    dispatcher.press("F9")
    dispatcher.holds("受理")
    dispatcher.press("Enter")
    dispatcher.holds("诉求类别")
    dispatcher.press("Control+Enter")
    dispatcher.reads("已办理：受理")

    dispatcher.press("F9")
    dispatcher.tab_to("派单")
    dispatcher.press("Enter")
    dispatcher.reads("派单建议及理由")
    dispatcher.holds("承办单位")
    assert dispatcher.held()["value"] == place.union.name
    dispatcher.press("Control+Enter")
    dispatcher.reads("已办理：派单")
    dispatcher.press("F8")
    dispatcher.reads("没有其他待办了")


def answer(handler: Keyboard) -> None:
    """From the box: sent too early, then answered with a macro in the middle of what is typed."""
    handler.press("F9", "Enter")
    handler.reads("可以办理")
    handler.press("F9")
    handler.tab_to("答复")
    handler.press("Enter")
    handler.holds("答复内容")
    handler.type("好")
    handler.press("Control+Enter")
    handler.reads("答复过短")
    handler.holds("答复内容")
    handler.settles()
    handler.press("Control+a")
    handler.type("您好，/bf ")
    handler.press("Control+Enter")
    handler.reads("已办理：答复")


def call_back(caller: Keyboard) -> None:
    """From the call-backs: nobody answers, then the caller is reached and says what came of it."""
    caller.press("F9")
    caller.holds("联系上")
    caller.tab_to("无人接听")
    caller.press("Enter")
    caller.reads("已记录")
    caller.press("F9")
    caller.holds("联系上")
    caller.press("Enter")
    caller.holds("问题是否解决")
    caller.choose("是")
    caller.tab_to("对办理结果")
    caller.choose("满意")
    caller.tab_to("对服务态度")
    caller.choose("满意")
    caller.tab_to("诉求人的话")
    caller.type("钱已经到账")
    caller.press("Control+Enter")
    caller.reads("已回访")


def close(checker: Keyboard) -> None:
    checker.press("F9", "Enter")
    checker.reads("可以办理")
    checker.press("F9")
    checker.holds("质检合格并办结")
    checker.press("Enter")
    checker.holds("说明")
    checker.press("Control+Enter")
    checker.reads("已办理：质检合格并办结")


def test_one_appeal_goes_from_the_ring_to_its_end_with_the_keyboard_alone(place: County, sits_down: Opened):
    board = Board(place)
    routing.load()
    Macro.objects.create(shortcut="/bf", text="经核查属实，单位已于本周补发拖欠的工资。", region=place.region)
    box = "/console/cases/?box=to-do"

    register(sits_down(board.agent, "/console/calls/"), board)
    dispatch(sits_down(officer(place, DISPATCHER), box), place)
    answer(sits_down(place.handler, box))
    call_back(sits_down(officer(place, "case.view case.call_back"), "/console/closing/call-backs/"))
    close(sits_down(officer(place, "case.view case.check"), box))

    case, call = Case.objects.get(), Call.objects.get()
    assert (case.state, case.category_id, case.reply) == (
        "closed", "010101", "您好，经核查属实，单位已于本周补发拖欠的工资。",
    )  # fmt: skip
    assert (call.case, call.status, case.caller_mask) == (case, "answered", "138****2046")
    moves = history(case).filter(verb__startswith="move.").order_by("pk").values_list("verb", flat=True)
    assert list(moves) == ["move.accept", "move.assign", "move.answer", "move.call_back", "move.close"]
    said = Survey.objects.get()
    assert (said.case, said.solved, said.satisfaction, said.service, said.words) == (
        case, True, "satisfied", "satisfied", "钱已经到账",
    )  # fmt: skip
    assert [a.outcome for a in Attempt.objects.order_by("pk")] == ["no_answer", "reached"]
