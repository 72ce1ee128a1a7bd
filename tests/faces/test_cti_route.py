"""What a SIP proxy asks: who is next, with which key, and what is said when it can not be answered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import AccountFactory
from tests.rosters import Place, place, shift
from yanzhen.domains.hotline.calls.actions import open_trunk
from yanzhen.domains.hotline.rosters import busy
from yanzhen.domains.hotline.rosters.routing import ALL_BUSY, NOBODY
from yanzhen.foundation.accounts import issue_token

pytestmark = pytest.mark.django_db
CALL = {"from": "053188886666", "to": "12351", "callId": "a@b"}


@pytest.fixture
def here() -> Place:
    return place()


def proxy(here: Place) -> Client:
    administrator = AccountFactory(grants=[(here.province, None, "trunk.edit")])
    _trunk, token, _secret = open_trunk("SIP", here.province, actor=administrator)
    return Client(headers={"authorization": f"Bearer {token}"})


def test_the_answer_names_telephones_and_reasons(here):
    now = timezone.now()
    account = here.seat(here.city)
    shift(account, here.city, now - timedelta(hours=1), now + timedelta(hours=1))
    number = account.seat.extension

    answer = proxy(here).get("/cti/route", CALL)

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "targets": [{"user": number, "uri": f"sip:{number}@10.0.0.5:5060", "ring_ms": 15000}],
            "why": [
                "属地 370100：来电区号 0531 为济南",
                "市级 370100 值班 1 人",
                "省级 370000 值班 0 人",
                f"先近后远、最久未派者在前：{number}",
            ],
            "announcement": None,
        },
    )


def test_nobody_is_said_in_words_for_the_caller(here):
    assert proxy(here).get("/cti/route", CALL).json()["announcement"] == NOBODY


def test_who_talks_is_asked_of_the_app_that_knows(here, monkeypatch):
    now = timezone.now()
    account = here.seat(here.city)
    shift(account, here.city, now - timedelta(hours=1), now + timedelta(hours=1))
    monkeypatch.setattr(busy, "_SOURCES", [lambda: [account.pk]])

    assert proxy(here).get("/cti/route", CALL).json()["announcement"] == ALL_BUSY


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}])
def test_without_the_token_of_a_trunk_nothing_is_told(here, headers):
    answer = Client(headers=headers).get("/cti/route", CALL)

    assert (answer.status_code, answer.json()["type"]) == (404, "urn:yanzhen:problem:not_found")


def test_the_token_of_a_trunk_alone_is_taken_in_a_header_or_in_the_address_and_no_accounts_key(here):
    administrator = AccountFactory(grants=[(here.province, None, "trunk.edit roster.view")])
    _trunk, token, _secret = open_trunk("SIP", here.province, actor=administrator)
    key = issue_token(administrator, "proxy", actor=None)

    answers = [
        Client(headers={"authorization": f"Bearer {token}"}).get("/cti/route", CALL),
        Client().get("/cti/route", {**CALL, "token": token}),
        Client(headers={"authorization": f"Bearer {key}"}).get("/cti/route", CALL),
        Client().get("/cti/route", {**CALL, "token": key}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 404, 404]


def test_a_call_without_a_name_is_refused(here):
    answer = proxy(here).get("/cti/route", {"from": "1", "to": "12351"})

    assert (answer.status_code, answer.json()["fields"]) == (422, {"callId": "必填"})


def test_numbers_as_they_come_do_no_harm(here):
    client = proxy(here)

    for given in ("", "anonymous", "+86 13800000000" * 40, "' or 1=1", "一二三"):
        answer = client.get(
            "/cti/route", {"from": given, "to": given, "callId": "c" * 900, "skill": "x" * 900}
        )
        assert (answer.status_code, answer.json()["targets"]) == (200, [])
