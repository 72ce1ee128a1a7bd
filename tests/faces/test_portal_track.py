from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.hotline import REPLY, County, county
from yanzhen.domains.hotline.actions import Receipt, register_case
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.engines.procedures.engine import advance
from yanzhen.faces.portal import visitors
from yanzhen.foundation import numbering
from yanzhen.foundation.models import Tally

pytestmark = pytest.mark.django_db

BODY = "单位拖欠三个月工资，请求帮助追讨。"
PHONE = "13812345678"


def filed(place: County, **more: Any) -> Receipt:
    given = {
        "body": BODY,
        "region": place.region.code,
        "phone": PHONE,
        "name": "王建设",
        "employer": "某建筑公司",
    } | more
    return register_case(Appeal(**given), actor=None, channel="web")


def answered(place: County) -> Receipt:
    receipt = filed(place)
    case = advance(receipt.case, "accept", actor=place.clerk, category=place.category)
    case = advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
    advance(case, "answer", actor=place.handler, reply=REPLY)
    return receipt


def look(number: str, secret: str) -> Any:
    return Client().post("/track/", {"number": number, "secret": secret}, headers={"Accept": "text/html"})


def page(response: Any) -> str:
    """Return the page without the token against forged forms, which differs each time."""
    return re.sub(r'(csrfmiddlewaretoken" value=)"[^"]+"', r"\1", response.content.decode())


def test_the_check_code_opens_the_steps_the_term_and_the_reply():
    receipt = answered(county())

    response = look(receipt.number, receipt.check_code)

    assert response.status_code == 200
    for shown in ("已收到，等待受理", "已受理", "正在办理", "已答复，等待回访", REPLY):
        assert shown in page(response)
    assert "no-store" in response["Cache-Control"]


def test_the_last_four_digits_open_the_steps_but_not_the_reply():
    receipt = answered(county())

    response = look(receipt.number, PHONE[-4:])

    assert response.status_code == 200
    assert "已答复，等待回访" in page(response)
    assert REPLY not in page(response)


def declined(place: County) -> Receipt:
    receipt = filed(place)
    advance(receipt.case, "decline", actor=place.clerk, reply=REPLY, note="不属范围")
    return receipt


@pytest.mark.parametrize(
    ("by_code", "shown"),
    [
        (True, ["不予受理（理由见答复）", REPLY, "对办理结果有意见，请拨打 12351。"]),
        (False, ["理由请凭查询码查看，或拨打 12351。", "对办理结果有意见，请拨打 12351。"]),
    ],
)
def test_a_declined_case_says_where_the_reason_is_and_promises_no_call(by_code, shown):
    receipt = declined(county())

    body = page(look(receipt.number, receipt.check_code if by_code else PHONE[-4:]))

    every = [
        "不予受理（理由见答复）",
        REPLY,
        "理由请凭查询码查看，或拨打 12351。",
        "对办理结果有意见，请拨打 12351。",
        "请在回访时说明",
    ]
    assert [words for words in every if words in body] == shown


def test_an_answer_that_the_phone_does_not_open_is_said_to_be_there():
    receipt = answered(county())

    assert "答复内容请凭查询码查看，或拨打 12351。" in page(look(receipt.number, PHONE[-4:]))
    assert "答复内容请凭查询码查看" not in page(look(receipt.number, receipt.check_code))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("10.0.0.1", "10.0.0.2", False),
    ],
)
def test_who_holds_a_network_of_ipv6_is_counted_as_one(first, second, same):
    receipt = filed(county())

    for address in (first, second):
        Client(REMOTE_ADDR=address).post("/track/", {"number": receipt.number, "secret": "9999"})

    assert len(Tally.objects.filter(key__startswith="track:")) == (1 if same else 2)


def test_the_page_shows_nothing_of_the_caller_the_employer_or_the_story():
    receipt = answered(county())

    shown = page(look(receipt.number, receipt.check_code))

    for hidden in (PHONE, "王建设", receipt.case.caller_mask, "某建筑公司", BODY):
        assert hidden not in shown


@pytest.mark.parametrize("written", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "])
def test_a_check_code_is_taken_as_people_write_it(written):
    receipt = filed(county())

    assert look(f" {receipt.number.lower()} ", written(receipt.check_code)).status_code == 200


def test_a_wrong_number_and_a_wrong_secret_get_the_same_answer():
    receipt = filed(county())
    unused = numbering.next_number(receipt.number[:8], at=receipt.case.received_at)

    wrong_secret, wrong_number = look(receipt.number, "9999"), look(unused, "9999")

    assert (wrong_secret.status_code, wrong_number.status_code) == (404, 404)
    assert page(wrong_secret).replace(receipt.number, "") == page(wrong_number).replace(unused, "")


def test_an_anonymous_case_has_no_last_four_digits():
    receipt = filed(county(), anonymous=True, phone="", name="")

    assert [look(receipt.number, secret).status_code for secret in ("", "0000", receipt.check_code)] == [
        422,
        404,
        200,
    ]


def test_a_number_can_not_be_guessed_at_for_long():
    receipt = filed(county())
    for _ in range(visitors.GUESSES):
        look(receipt.number, "9999")

    stopped = look(receipt.number, PHONE[-4:])

    assert stopped.status_code == 429
    assert int(stopped["Retry-After"]) > 0
    assert "一小时后再试" in page(stopped)


def test_who_has_the_check_code_is_not_locked_out_by_others():
    receipt = filed(county())
    for _ in range(visitors.GUESSES + 1):
        look(receipt.number, "9999")

    assert look(receipt.number, receipt.check_code).status_code == 200


def test_a_right_answer_starts_the_count_anew():
    receipt = filed(county())
    for _ in range(visitors.GUESSES - 1):
        look(receipt.number, "9999")

    look(receipt.number, receipt.check_code)

    assert look(receipt.number, "9999").status_code == 404


def test_one_address_can_not_try_number_after_number():
    receipt = filed(county())
    look(receipt.number, "9999")
    Tally.objects.filter(key__startswith="track:").update(count=visitors.TRACK)

    assert look(receipt.number, receipt.check_code).status_code == 429


def test_the_counters_hold_neither_number_nor_address():
    receipt = filed(county())
    look(receipt.number, "9999")

    keys = " ".join(Tally.objects.values_list("key", flat=True))

    assert receipt.number not in keys
    assert "127.0.0.1" not in keys


def test_looking_costs_few_statements():
    receipt = answered(county())

    with CaptureQueriesContext(connection) as context:
        look(receipt.number, receipt.check_code)

    assert len(context) <= 9, "\n".join(q["sql"][:90] for q in context.captured_queries)
