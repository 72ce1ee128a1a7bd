"""The telephone's pages: the pop, a case from a call, a reason for a call, what is not seen from elsewhere."""

from __future__ import annotations

import pytest

from tests.calls import CALLER, Board
from tests.faces.console import browser, hidden, text
from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.models import Case

pytestmark = pytest.mark.django_db

BODY = "工地自八月起没有发工资，班组二十人，找项目部多次没有结果。"


def test_a_call_pops_up_and_becomes_a_case():
    board = Board()
    call = board.ring()
    page = browser(board.agent)

    popped = page.get("/console/calls/")
    form = page.get(f"/console/register/?call={call.pk}")
    answer = page.post(
        f"/console/register/?call={call.pk}",
        {"token": hidden(form, "token"), "channel": "phone", "body": BODY, "region": "370102", "urgency": "normal",
         "headcount": "20"},
    )  # fmt: skip

    assert "138****2046" in text(popped)
    assert CALLER not in form.content.decode()
    case = Case.objects.get()
    assert (answer.status_code, Call.objects.get().case, case.channel, case.caller_mask) == (
        200, case, "phone", "138****2046",
    )  # fmt: skip
