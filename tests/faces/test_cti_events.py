"""What a telephone system may send, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.calls import CALLER, Board
from yanzhen.domains.hotline.calls.models import Call

pytestmark = pytest.mark.django_db


def state(call: Call) -> tuple[Any, ...]:
    return call.direction, call.status, call.cause, call.answered_by_id, bool(call.ended_at)


def test_a_call_rings_is_answered_and_ends():
    board = Board()

    answers = [
        board.send("newCall", user=["8001"]),
        board.send("answer", answeringNumber="8001"),
        board.send("hangup"),
    ]

    assert [(a.status_code, a.json()) for a in answers] == [(200, {})] * 3
    call = Call.objects.get()
    assert state(call) == ("in", "answered", "normalClearing", board.agent.pk, True)
    assert (call.region_id, call.why) == ("370100", "被叫区号 0531 为济南")
    assert call.phone_mask == "138****2046"


def test_a_form_says_the_same_as_json():
    board = Board()
    fields = {
        "event": "newCall",
        "callId": "f",
        "direction": "in",
        "from": CALLER,
        "to": "053112351",
        "user[]": "8001",
    }

    answer = board.client.post(f"/cti/{board.token}", fields, content_type="application/x-www-form-urlencoded",
                               data="&".join(f"{k}={v}" for k, v in fields.items())) if False else board.client.generic(
        "POST", f"/cti/{board.token}", "&".join(f"{k}={v}" for k, v in fields.items()),
        content_type="application/x-www-form-urlencoded")  # fmt: skip

    assert (answer.status_code, Call.objects.get().seats) == (200, [board.agent.pk])
