"""Notices and objections as the public meets them."""

from __future__ import annotations

import hashlib
import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.engines.programmes.test_notices import WORDS, accepted
from tests.faces.console import text
from tests.results import Ready, jury, over, published
from yanzhen.engines.programmes.notices import actions, publishing
from yanzhen.engines.programmes.notices.models import Notice, Objection
from yanzhen.foundation import calendar, crypto, parameters

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rules() -> None:
    cache.clear()
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()


def visitor() -> Client:
    return Client(headers={"accept": "text/html"})


def address(notice: Notice, name: str = "notice") -> str:
    return reverse(f"portal:{name}", args=[notice.pk])


def said(**more: object) -> dict[str, object]:
    return {
        "about": "0",
        "ground": "untrue",
        "text": WORDS,
        "name": "测试异议人",
        "phone": "13800000000",
    } | more


def upheld(made: Ready, notice: Notice) -> Notice:
    handler = jury()
    row = accepted(notice, handler)
    actions.uphold(row, finding="经查属实", seen_mark=actions.preview(row).mark, actor=handler)
    newest = publishing.newest(made.round)
    assert newest is not None
    return newest


def test_anybody_reads_the_list_and_checks_its_digest() -> None:
    made, notice = published()
    client = visitor()

    assert str(made.round) in text(client.get(reverse("portal:notices")))
    page = text(client.get(address(notice)))
    assert all(word in page for word in ("测试人0", made.rows[0].organisation.name, notice.digest))
    content = client.get(address(notice, "notice-content"))
    assert hashlib.sha256(content.content).hexdigest() == notice.digest


def test_the_page_is_the_same_for_everybody_and_spared_where_it_is_known(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    _made, notice = published()
    client = visitor()
    first = client.get(address(notice))

    with django_assert_num_queries(0):
        again = visitor().get(address(notice), headers={"if-none-match": first["ETag"]})

    assert (first["Cache-Control"], again.status_code, again.content) == ("public, max-age=30", 304, b"")
    assert "csrf" not in first.content.decode()
    assert not first.cookies


def test_a_list_that_was_replaced_names_nobody_any_more() -> None:
    made, notice = published()
    newest = upheld(made, notice)
    client = visitor()

    old = text(client.get(address(notice)))
    assert ("测试人0" in old, "看第 2 版" in old, notice.digest in old) == (False, True, True)
    assert client.get(address(notice, "notice-content")).status_code == 404
    assert "异议 YY" in text(client.get(address(newest)))


def test_a_notice_comes_down_after_its_time() -> None:
    made, notice = published()
    over(made.round)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("reset role; set session_replication_role = replica")
        cursor.execute("update notices_notice set down_at = ends_at")
        cursor.execute("set session_replication_role = origin; set role yanzhen_web")

    page = visitor().get(address(notice))

    assert (page.status_code, "测试人0" in text(page)) == (410, False)
    assert str(made.round) not in text(visitor().get(reverse("portal:notices")))


def test_an_objection_is_filed_and_followed_with_number_and_code() -> None:
    _made, notice = published()
    client = visitor()
    assert "测试人0" in text(client.get(address(notice, "object")))

    page = client.post(address(notice, "object"), said(), follow=True)
    row = Objection.objects.get()
    (code,) = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}(?![0-9A-Z-])", text(page).partition("查询码")[2])

    assert (row.application_id, row.number in text(page)) == (notice.applications[0], True)
    followed = client.post(reverse("portal:objections"), {"number": row.number, "secret": code})
    assert "待受理" in text(followed)
    wrong = client.post(reverse("portal:objections"), {"number": row.number, "secret": "AAAA-AAAA"})
    assert (wrong.status_code, "不符" in text(wrong)) == (422, True)


def test_an_anonymous_objection_needs_no_name() -> None:
    _made, notice = published()

    sent = visitor().post(address(notice, "object"), said(anonymous="on", name="", phone=""))

    assert (sent.status_code, Objection.objects.get().objector_mask) == (303, "匿名")


def test_what_is_missing_is_said_beside_its_field_and_nothing_is_lost() -> None:
    _made, notice = published()

    page = visitor().post(address(notice, "object"), said(phone="123", text="短"))

    assert page.status_code == 422
    assert ("请写明事实和依据" in text(page), "测试异议人" in page.content.decode()) == (True, True)
    assert not Objection.objects.exists()


def test_after_the_term_the_page_says_which_and_takes_nothing() -> None:
    made, notice = published()
    over(made.round)
    client = visitor()

    shut = client.get(address(notice, "object"))
    sent = client.post(address(notice, "object"), said())

    assert (shut.status_code, sent.status_code) == (409, 409)
    for page in (shut, sent):
        assert "公示期（评选公示期 5 工作日）已于" in text(page)
    assert not Objection.objects.exists()
