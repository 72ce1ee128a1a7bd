"""What a caller says on the page of the case, and who may say it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from tests.closing import WHY, checker
from tests.faces.test_portal_track import PHONE, answered, filed, look, page
from tests.hotline import County, county
from yanzhen.domains.hotline.actions import Receipt, reissue_check_code
from yanzhen.domains.hotline.closing.marks import propose_mark
from yanzhen.domains.hotline.closing.models import Survey, Unreasonable
from yanzhen.engines.procedures.engine import advance
from yanzhen.faces.portal import visitors
from yanzhen.faces.portal.feedback import SALT
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db
GIVEN = {"solved": "false", "satisfaction": "dissatisfied", "service": "satisfied", "words": "还差一个月"}


def leave(receipt: Receipt, secret: str = "") -> str:
    shown = look(receipt.number, secret or receipt.check_code).content.decode()
    found = re.search(r'name="leave"\s+value="([^"]+)"', shown)
    assert found, "no form"
    return found[1]


def send(path: str, **values: Any) -> Any:
    return Client().post(f"/track/{path}/", values, headers={"Accept": "text/html"})


def test_the_caller_says_what_came_of_it():
    receipt = answered(county())

    response = send("answer", number=receipt.number, leave=leave(receipt), **GIVEN)

    said = Survey.objects.get()
    assert (response.status_code, "已收到您的评价" in page(response)) == (200, True)
    assert (said.channel, said.by, said.solved, said.satisfaction, said.service, said.words) == (
        "web", None, False, "dissatisfied", "satisfied", "还差一个月",
    )  # fmt: skip
    assert "还差一个月" not in str(history(receipt.case).last().after)
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("which", ["none", "forged", "another", "old"])
def test_without_the_secret_nothing_is_said(which):
    place = county()
    receipt, other = answered(place), answered(place)
    given = {
        "none": "",
        "forged": leave(receipt)[:-2] + "xx",
        "another": leave(other),
        "old": leave(receipt),
    }[which]
    if which == "old":
        receipt.case.refresh_from_db()
        reissue_check_code(receipt.case, actor=place.deputy, reason="诉求人丢失查询码")

    response = send("answer", number=receipt.number, leave=given, **GIVEN)

    assert (response.status_code, "请重新查询进度" in page(response)) == (404, True)
    assert Survey.objects.count() == 0


def test_a_wrong_leave_counts_as_a_guess():
    receipt = answered(county())
    for _ in range(visitors.GUESSES):
        send("answer", number=receipt.number, leave="x", **GIVEN)

    assert send("answer", number=receipt.number, leave="x", **GIVEN).status_code == 429


def test_the_last_digits_of_the_phone_which_staff_see_open_nothing_to_write_with():
    place = county()
    receipt, _mark = marked(place)

    shown = look(receipt.number, PHONE[-4:])

    assert "答复内容请凭查询码查看" in page(shown)
    assert "评价请凭查询码查询后提交" in page(shown)
    assert "提出异议请凭查询码查询后提交" in page(shown)
    assert 'name="leave"' not in shown.content.decode()
    forged = signing.dumps([receipt.number, False], salt=f"{SALT}.{bytes(receipt.case.check_hash).hex()}")
    assert send("answer", number=receipt.number, leave=forged, **GIVEN).status_code == 404


def test_the_handler_gives_out_no_check_code():
    place = county()
    receipt = answered(place)
    receipt.case.refresh_from_db()

    with pytest.raises(NotAllowed, match="承办人不能补发"):
        reissue_check_code(receipt.case, actor=place.handler, reason="诉求人丢失查询码")


def test_before_the_reply_there_is_no_form_and_nothing_is_taken():
    receipt = filed(county())

    shown = look(receipt.number, receipt.check_code)

    assert "问题解决了吗" not in page(shown)


def test_what_is_missing_is_said_beside_it():
    receipt = answered(county())

    response = send("answer", number=receipt.number, leave=leave(receipt), **{**GIVEN, "solved": ""})

    assert response.status_code == 422
    assert "field-error" in page(response)
    assert Survey.objects.count() == 0


def marked(place: County) -> tuple[Receipt, Unreasonable]:
    receipt = answered(place)
    receipt.case.refresh_from_db()
    mark = propose_mark(receipt.case, actor=place.handler, ground="repeated", reason=WHY)
    return receipt, advance(mark, "confirm", actor=checker(place), opinion=WHY)


def test_the_caller_appeals_and_is_told_that_another_person_looks():
    receipt, mark = marked(county())

    response = send("appeal", number=receipt.number, leave=leave(receipt), objection="单位至今没有付钱")

    mark.refresh_from_db()
    assert (response.status_code, mark.state) == (200, "appealed")
    assert "另一位工作人员复核" in page(response)
    assert "提出异议" not in page(response)


def test_why_it_was_marked_is_for_the_check_code_alone():
    receipt, _mark = marked(county())

    by_code, by_tail = look(receipt.number, receipt.check_code), look(receipt.number, PHONE[-4:])

    assert WHY in page(by_code)
    assert "认定为不合理诉求" in page(by_tail)
    assert WHY not in page(by_tail)


def test_a_proposal_that_nobody_decided_on_is_not_shown():
    place = county()
    receipt = answered(place)
    receipt.case.refresh_from_db()
    propose_mark(receipt.case, actor=place.handler, ground="repeated", reason=WHY)

    assert "不合理" not in page(look(receipt.number, receipt.check_code))
