"""Whatever is written into an address, a form or a body, the answer is a page or a reason and never a fault of ours."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faces.console import browser, text
from tests.factories import AccountFactory, RegionFactory
from tests.hotline import EVERY_RIGHT, County, county
from yanzhen.engines.indicators.declare import INDICATORS
from yanzhen.faces.console.desk import DESKS
from yanzhen.faces.console.models import BulkMove, SavedView
from yanzhen.foundation.accounts import issue_token

pytestmark = pytest.mark.django_db

RIGHTS = f"{EVERY_RIGHT} record.view organisation.view person.view account.view sheet.import case.reveal"
LIST = "/console/cases/"
TRAIL = "/console/trail/"
FIGURE = f"/console/figures/{next(iter(INDICATORS)).code}/"
FILTERS = [*DESKS["cases"].filters.base_filters, "box", "order", "cursor"]
PAGES = {
    LIST: FILTERS,
    f"{LIST}export/": FILTERS,
    f"{LIST}orders/": ["cursor"],
    TRAIL: ["subject", "verb", "actor", "day", "before", "cursor"],
    "/console/find/": ["number"],
    "/console/figures/": ["region", "period", "by", "sort"],
    "/console/live/": ["x"],
    FIGURE: ["region", "period", "part", "by", "key", "cursor"],
    "/console/organisations/": ["q", "region", "kind", "cursor"],
    "/console/people/": ["name", "region", "cursor"],
    "/console/accounts/": ["q"],
    "/console/": ["x"],
    "/console/sheets/": ["x"],
    "/": ["x"],
    "/submit/": ["x"],
    "/receipt/": ["x"],
    "/track/": ["number"],
    "/help/": ["x"],
    "/privacy/": ["x"],
}
"""What every address that is opened reads from its query; those that read nothing are given something all the same."""
ENDPOINTS = {
    "/api/cases": ["state", "region", "received_from", "received_to", "cursor", "limit"],
    "/api/indicators/hotline.received": ["region", "from", "to", "by"],
    "/api/indicators/hotline.received/records": [
        "region",
        "from",
        "to",
        "part",
        "by",
        "key",
        "cursor",
        "limit",
    ],
}


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def raw(words: str) -> str:
    return base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")


AT = "2026-11-24T10:00:00+08:00"
CURSORS = [
    raw(f'["{AT}", 1e999]'),
    raw(f'["{AT}", 1e999, false]'),
    raw('["0001-01-01T00:00:00+23:59", 1, true]'),
    raw('["9999-12-31T23:59:59-23:59", 1]'),
    raw("[" * 5000),
    cursor(AT, 10**30),
    cursor(AT, 10**30, False),
    cursor(AT, "1"),
    cursor(None, -1, True),
    cursor([], {}, []),
]
NASTY = [
    *CURSORS, "\0", "a\0b", "²", "٣", "9" * 30, "-1", "1e999", "NaN", "9999-12-31", "0001-01-01", "2026-02-30", "2026", "2100-12",
    "hotline.case#²", "hotline.case#99999999999999999999999", "%00", "370102", "GD370102", "%", "_", "\\", "'", "部分", "all", "rest",
]  # fmt: skip
values = st.one_of(st.sampled_from(NASTY), st.text(max_size=60))
tried = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def reader(place: County) -> Any:
    return AccountFactory(grants=[(RegionFactory(code="370000", level="province"), None, RIGHTS)])


@pytest.mark.parametrize("address", PAGES)
def test_whatever_an_address_is_asked_with_it_answers(address):
    place = county()
    place.case()
    client = browser(reader(place))
    asked = st.dictionaries(st.sampled_from(PAGES[address]), values, min_size=1)

    @tried
    @given(asked)
    def ask(query: dict[str, str]) -> None:
        assert client.get(address, query).status_code < 500

    ask()
    assert [a for a in NASTY for p in PAGES[address] if client.get(address, {p: a}).status_code >= 500] == []


@pytest.mark.parametrize("address", ENDPOINTS)
def test_whatever_the_api_is_asked_with_it_answers_with_rows_or_a_problem(address):
    place = county()
    place.case()
    key = issue_token(reader(place), "test", actor=None)
    client = Client(headers={"authorization": f"Bearer {key}"})
    asked = st.dictionaries(st.sampled_from(ENDPOINTS[address]), values, min_size=1)

    @tried
    @given(asked)
    def ask(query: dict[str, str]) -> None:
        response = client.get(address, query)

        assert response.status_code < 500
        assert response["Content-Type"].partition(";")[0] in {"application/json", "application/problem+json"}

    ask()
    assert [
        a for a in NASTY for p in ENDPOINTS[address] if client.get(address, {p: a}).status_code >= 500
    ] == []


bodies = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from(["\0", "\ud800", 10**30])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def test_whatever_is_in_a_body_the_api_answers():
    place = county()
    case = place.case()
    key = issue_token(reader(place), "test", actor=None)
    client = Client(headers={"authorization": f"Bearer {key}"})
    appeal = {"body": "单位拖欠三个月工资，请求帮助追讨。", "region": "370102", "phone": "13800000000"}
    names = [
        *appeal,
        "title",
        "category",
        "urgency",
        "employer",
        "headcount",
        "amount_yuan",
        "name",
        "\ud800",
        "\0",
    ]

    @tried
    @given(
        st.dictionaries(st.sampled_from(names), bodies, max_size=3),
        st.dictionaries(st.text(), bodies, max_size=2),
    )
    def send(changes: dict[str, Any], fields: dict[str, Any]) -> None:
        filed = client.post(
            "/api/appeals", {**appeal, **changes}, "application/json", headers={"idempotency-key": "k"}
        )
        move = {"transition": "accept", "seen": case.step, "fields": fields}
        moved = client.post(f"/api/cases/{case.number}/moves", move, "application/json")

        assert (filed.status_code < 500, moved.status_code < 500) == (True, True)

    send()  # fmt: skip


@pytest.mark.parametrize(
    ("method", "address", "data"),
    [
        ("get", "/console/find/?number=%00", {}),
        ("get", "/console/figures/?region=%00", {}),
        ("get", "/track/?number=%00", {}),
        ("get", "/console/cases/GD%00/", {}),
        ("post", f"{LIST}views/", {"name": "a\0", "query": "box=all"}),
        ("post", f"{LIST}views/", {"name": "a", "query": "box=all&q=%00"}),
        ("post", f"{LIST}bulk/", {"move": "accept", "whole": "1", "query": "q=%00"}),
        ("post", "/track/", {"number": "\0", "secret": "1234"}),
    ],
)
def test_a_null_character_is_refused_in_a_sentence(method, address, data):
    response = getattr(browser(reader(county())), method)(address, data)

    assert response.status_code == 400
    assert "空字符" in text(response)


def test_a_null_character_in_a_cookie_is_refused_before_the_session_is_looked_up():
    client = Client()
    client.cookies.load({"sessionid": "\0"})

    assert client.get("/console/").status_code == 400


def test_the_api_refuses_a_null_character_in_a_query_with_a_problem():
    client = Client(headers={"authorization": f"Bearer {issue_token(AccountFactory(), 'test', actor=None)}"})

    response = client.get("/api/cases?region=%00")

    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["type"] == "urn:yanzhen:problem:malformed"


@pytest.mark.parametrize("wrong", ["\0", "欠薪\0", "\ud800"])
def test_the_api_names_the_field_whose_text_can_not_be_kept(wrong):
    place = county()
    case = place.case()
    key = issue_token(reader(place), "test", actor=None)
    client = Client(headers={"authorization": f"Bearer {key}"})
    appeal = {"body": "单位拖欠三个月工资，请求帮助追讨。", "region": "370102", "phone": "13800000000"}

    filed = client.post(
        "/api/appeals", {**appeal, "employer": wrong}, "application/json", headers={"idempotency-key": "k"}
    )
    moved = client.post(
        f"/api/cases/{case.number}/moves",
        {"transition": "decline", "fields": {"reply": wrong}},
        "application/json",
    )

    assert [(r.status_code, [*r.json()["fields"]]) for r in (filed, moved)] == [(422, ["employer"]), (422, ["fields"])]  # fmt: skip


def test_a_body_nested_without_end_is_no_json():
    key = issue_token(AccountFactory(), "test", actor=None)

    response = Client().post(
        "/api/appeals", "[" * 100_000, "application/json",
        headers={"authorization": f"Bearer {key}", "idempotency-key": "k"},
    )  # fmt: skip

    assert response.status_code == 400


@pytest.mark.parametrize("day", ["9999-12-31", "2101-01-01", "1899-12-31"])
def test_a_day_off_the_calendar_is_refused_beside_its_field(day):
    client = browser(reader(county()))

    listed, trail = client.get(LIST, {"received_to": day}), client.get(TRAIL, {"day": day})

    assert (listed.status_code, trail.status_code) == (422, 422)
    assert (listed.context["lines"], trail.context["entries"]) == ([], [])


@pytest.mark.parametrize("ids", ["²", "9" * 19, "9" * 5000, "-1", "x"])
def test_what_is_no_id_ticks_nothing(ids):
    response = browser(reader(county())).post(f"{LIST}bulk/", {"move": "accept", "ids": [ids], "query": ""})

    assert response.status_code == 422
    assert not BulkMove.objects.exists()


def test_a_view_too_long_to_keep_is_refused_and_one_of_the_same_name_is_replaced_at_the_limit():
    account = reader(county())
    client = browser(account)
    for n in range(12):
        client.post(f"{LIST}views/", {"name": f"视图{n}", "query": "box=all"})

    too_long = client.post(f"{LIST}views/", {"name": "视图0", "query": "q=" + "长" * 400})
    client.post(f"{LIST}views/", {"name": "视图0", "query": "box=done"})

    assert too_long.status_code == 422
    assert SavedView.objects.get(name="视图0").query == "box=done"
