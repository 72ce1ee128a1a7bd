"""The public check page: true within a minute, told to anybody, and no more than it should."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.honours import CAUSE, Ladder
from yanzhen.engines.honours import addresses
from yanzhen.engines.honours.declare import TITLES
from yanzhen.engines.honours.models import Credential, IssuerKey
from yanzhen.engines.procedures.engine import advance
from yanzhen.faces.portal import kept, visitors
from yanzhen.foundation import crypto
from yanzhen.foundation.scope import database_scope

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path) -> None:
    settings.DATA_DIR = tmp_path
    settings.PUBLIC_URL = "https://honours.example.gov.cn"
    cache.clear()
    crypto.forget_keys()
    crypto.begin()


def look(number: str, **more: Any) -> Any:
    with database_scope(()):
        return Client().get(f"/check/{number}/", headers={"Accept": "text/html"}, **more)


def words(response: Any) -> str:
    body = response.content.decode().partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_addresses_in_certificates_are_those_that_are_served(ladder: Ladder):
    kid = ladder.honour() and IssuerKey.objects.get().kid
    base = "https://honours.example.gov.cn"

    assert [addresses.check("X"), addresses.key(kid), addresses.issuer(TITLES["craftsman"]), addresses.status_list("revocation", 0)] == [
        base + reverse(f"portal:{name}", args=args)
        for name, args in (("check-number", ["X"]), ("check-key", [kid]), ("check-issuer", ["craftsman"]), ("check-status", ["revocation", 0]))
    ]  # fmt: skip


def test_anybody_sees_status_title_masked_name_and_dates(ladder: Ladder):
    honour = ladder.honour(person=ladder.person("欧阳修远"), document="鲁工发 2026 年 12 号")

    page = look(honour.number)

    assert page.status_code == 200
    for shown in (
        "有效",
        "称号craftsman",
        "省级",
        "欧***",
        "山东省总工会",
        "2026-03-02",
        "2030-03-01",
        honour.number,
    ):
        assert shown in words(page)
    for hidden in ("欧阳", "某重工", "12 号"):
        assert hidden not in page.content.decode()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("QLGJ-2026-0007L", "校验位不符"), ("QLGJ-2026-000", "格式不符"), ("<script>", "格式不符"),
        ("QLGJ-2026-0002J", "没有签发过这个编号"),
    ],
)  # fmt: skip
def test_a_number_that_fails_says_which_check_it_failed(ladder: Ladder, typed: str, told: str):
    ladder.honour()

    page = look(typed)

    assert (page.status_code, told in words(page)) == (404, True)
    assert "<script>" not in page.content.decode().partition("<main")[2]


def test_the_form_leads_to_the_numbers_own_address(ladder: Ladder):
    number = ladder.honour().number

    assert "证书编号" in words(Client().get("/check/"))
    assert Client().get("/check/", {"number": f" {number} "}).url == f"/check/{number}/"
    assert "有效" in words(Client().get("/check/", {"number": number}, follow=True))


def test_a_measure_shows_as_soon_as_what_is_kept_has_aged(ladder: Ladder, monkeypatch):
    honour = ladder.honour()
    assert "有效期至" in words(look(honour.number))
    honour = advance(honour, "propose_withdrawal", actor=ladder.awarder, cause=CAUSE)
    assert "已撤销" not in words(look(honour.number))

    advance(honour, "withdraw", actor=ladder.approver, note="同意")
    cache.clear()  # what KEPT_SECONDS do

    page = look(honour.number)
    assert "已撤销" in words(page)
    assert CAUSE not in page.content.decode()
    assert kept.KEPT_SECONDS + kept.MAX_AGE < 60


def test_what_is_kept_costs_no_statement_and_what_is_known_is_not_sent_again(ladder: Ladder):
    number = ladder.honour().number
    first = look(number)

    with CaptureQueriesContext(
        connection,
    ) as caught:
        again = Client().get(f"/check/{number}/", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content, len(caught)) == (304, b"", 0)
    assert first["Cache-Control"] == "public, max-age=30"
    assert (first.cookies, "csrfmiddlewaretoken" in first.content.decode()) == ({}, False)


def test_pages_are_kept_by_language(ladder: Ladder):
    number = ladder.honour().number

    pages = [look(number, HTTP_ACCEPT_LANGUAGE=language).content for language in ("zh-CN", "en")]

    assert [b'lang="en"' in page for page in pages] == [False, True]


def test_who_guesses_numbers_is_asked_to_wait_and_who_has_one_is_not(ladder: Ladder, monkeypatch):
    monkeypatch.setattr(visitors, "CHECKS", 2)
    honour = ladder.honour()
    template = TITLES["craftsman"].template

    answers = [look(template.written(2026, n)).status_code for n in (50, 51, 52)]

    assert answers == [404, 404, 429]
    assert look(honour.number).status_code == 200


def test_machines_get_keys_lists_and_profiles_from_anywhere(ladder: Ladder):
    honour = ladder.honour()
    kid = IssuerKey.objects.get().kid

    answers = {
        path: Client().get(f"/check/{path}")
        for path in (
            "keys.json",
            f"keys/{kid}/",
            "issuers/craftsman/",
            "status/revocation/0/",
            "status/suspension/0/",
        )
    }

    assert {a.status_code for a in answers.values()} == {200}
    assert {a["Access-Control-Allow-Origin"] for a in answers.values()} == {"*"}
    assert json.loads(answers["keys.json"].content)["keys"][0] == json.loads(answers[f"keys/{kid}/"].content)
    assert json.loads(answers["issuers/craftsman/"].content)["name"] == "山东省总工会"
    assert answers["status/revocation/0/"]["Content-Type"] == "application/vc+jwt"
    assert Credential.objects.get(honour=honour).status_index == 0


@pytest.mark.parametrize(
    "path", ["keys/none/", "issuers/none/", "issuers/hero/", "status/none/0/", "status/revocation/7/"]
)
def test_what_is_not_there_is_a_404(ladder: Ladder, path: str):
    assert Client().get(f"/check/{path}").status_code == 404


def test_a_pasted_credential_is_checked_and_shown(ladder: Ladder):
    token = Credential.objects.get(honour=ladder.honour()).token

    with database_scope(()):
        good = Client().post("/check/credential/", {"token": token})
        bad = Client().post("/check/credential/", {"token": token[:-10]})
        empty = Client().post("/check/credential/", {"token": ""})

    assert ("签名有效" in words(good), "称号craftsman" in words(good)) == (True, True)
    assert ("签名不符" in words(bad), "称号craftsman" in words(bad)) == (True, False)
    assert empty.status_code == 422
