"""A telephone rings: the call is on the agent's screen within a second, and keys alone make a case of it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.calls import Board
from tests.hotline import County
from tests.journeys.test_pages import log_in
from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.models import Case

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BODY = "工地自八月起没有发工资，班组二十人，找项目部多次没有结果。"


def ring(page: Page, address: str, board: Board, n: int) -> float:
    """Have the telephone system tell of a call; return the seconds until the agent sees who calls."""
    event = {
        "event": "newCall", "callId": f"r{n}", "direction": "in", "from": f"1381234{n:04}", "to": "053112351",
        "user": ["8001"],
    }  # fmt: skip
    begun = time.perf_counter()
    answer = page.request.post(f"{address}/cti/{board.token}", data=event)
    assert answer.status == 200
    page.get_by_role("link", name=f"138****{n:04}").wait_for(timeout=5000)
    return time.perf_counter() - begun


def hang_up(page: Page, address: str, board: Board, n: int) -> None:
    event = {"event": "hangup", "callId": f"r{n}", "cause": "cancel"}
    assert page.request.post(f"{address}/cti/{board.token}", data=event).status == 200


def send(page: Page, address: str, board: Board, **event: Any) -> None:
    assert page.request.post(f"{address}/cti/{board.token}", data=event).status == 200


def test_who_calls_comes_up_on_the_screen_by_itself(
    place: County, open_page: Callable[..., Page], address: str, record_property: Callable[[str, Any], None]
):
    board = Board(place)
    page = open_page()
    log_in(page, board.agent)
    page.goto("/console/calls/")
    expect(page.get_by_text("没有来电")).to_be_visible()

    took = []
    for n in range(20):
        took.append(ring(page, address, board, n))
        hang_up(page, address, board, n)
        expect(page.get_by_text("没有来电")).to_be_visible(timeout=5000)

    record_property("pop_seconds", [round(seconds, 2) for seconds in took])
    print(
        f"ring to screen: median {statistics.median(took):.2f} s, p95 {sorted(took)[-2]:.2f} s, of {len(took)}"
    )


def test_keys_alone_take_a_call_from_the_ring_to_the_case(
    place: County, open_page: Callable[..., Page], address: str
):
    board = Board(place)
    page = open_page()
    log_in(page, board.agent)
    page.goto("/console/calls/")
    ring(page, address, board, 2046)

    page.keyboard.press("F2")
    expect(page.get_by_text("来自通话 138****2046")).to_be_visible()
    expect(page.get_by_label("诉求内容")).to_be_focused()
    page.keyboard.type(BODY)
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", name="已登记")).to_be_visible()
    call = Call.objects.get()
    assert (call.case, call.case.caller_mask) == (Case.objects.get(), "138****2046")


def test_a_second_key_ends_a_call_with_a_reason(place: County, open_page: Callable[..., Page], address: str):
    board = Board(place)
    page = open_page()
    log_in(page, board.agent)
    page.goto("/console/calls/")
    ring(page, address, board, 1)
    for event in (
        {"event": "answer", "answeringNumber": "8001"},
        {"event": "hangup", "cause": "normalClearing"},
    ):
        page.request.post(f"{address}/cti/{board.token}", data={"callId": "r1", **event})

    page.keyboard.press("F4")
    expect(page.get_by_label("小结")).to_be_focused()
    page.get_by_label("小结").select_option(label="误拨")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text("已小结")).to_be_visible()
    assert Call.objects.get().outcome == "wrong"


def test_a_call_shows_on_every_page_and_takes_nothing_of_what_is_typed(
    place: County, open_page: Callable[..., Page], address: str
):
    board = Board(place)
    page = open_page()
    log_in(page, board.agent)
    page.goto("/console/register/")
    bar = page.get_by_role("status", name="来电")
    page.get_by_label("诉求内容").fill(BODY)
    page.get_by_label("诉求内容").press("Home")

    send(page, address, board, event="newCall", callId="a", direction="in", to="053112351", user=["8001"],
         **{"from": "13812342046"})  # fmt: skip
    expect(bar.get_by_text("振铃中")).to_be_visible(timeout=2000)
    page.keyboard.type("、")
    send(page, address, board, event="answer", callId="a", answeringNumber="8001")
    send(page, address, board, event="newCall", callId="b", direction="in", to="053112351", user=["8001"],
         **{"from": "13900008888"})  # fmt: skip
    expect(bar.get_by_text("139****8888")).to_be_visible(timeout=2000)
    page.keyboard.type("、")

    expect(page.get_by_label("诉求内容")).to_be_focused()
    expect(page.get_by_label("诉求内容")).to_have_value(f"、、{BODY}")
    with page.context.expect_page() as opened:
        page.keyboard.press("F2")
    beside = opened.value
    expect(beside.get_by_text("来自通话 138****2046")).to_be_visible()
    expect(beside.get_by_role("status", name="来电").get_by_text("139****8888")).to_be_visible()
    beside.keyboard.press("F2")
    expect(beside.get_by_label("诉求内容")).to_be_focused()
    expect(page.get_by_label("诉求内容")).to_have_value(f"、、{BODY}")


def test_the_key_of_a_list_is_the_callers_while_one_is_on_the_line(
    place: County, open_page: Callable[..., Page], address: str
):
    board = Board(place)
    page = open_page()
    log_in(page, board.agent)
    page.goto("/console/cases/")
    own = page.get_by_role("main").get_by_role("link", name="登记").locator("kbd")
    expect(own).to_be_visible()

    call = board.ring()
    expect(own).to_be_hidden(timeout=2000)
    page.keyboard.press("F2")
    page.wait_for_url(f"**/console/register/?call={call.pk}")
    page.goto("/console/cases/")
    send(page, address, board, event="hangup", callId=call.ref, cause="cancel")
    expect(page.get_by_role("status", name="来电").get_by_text("138****2046", exact=True)).to_be_hidden()
    expect(own).to_be_visible()
    page.keyboard.press("F2")

    page.wait_for_url("**/console/register/")
