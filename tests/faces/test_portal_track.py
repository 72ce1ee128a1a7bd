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

    stopped = look(receipt.number, receipt.check_code)

    assert stopped.status_code == 429
    assert int(stopped["Retry-After"]) > 0
    assert "一小时后再试" in page(stopped)


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

    assert len(context) <= 8, "\n".join(q["sql"][:90] for q in context.captured_queries)
