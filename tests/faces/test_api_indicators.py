from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.faces.test_api_cases import Caller, problem_of
from tests.factories import AccountFactory, CaseFactory, RegionFactory
from tests.hotline import EVERY_RIGHT, County, county

pytestmark = pytest.mark.django_db


def closed(place: County, **more: Any) -> str:
    row = CaseFactory(
        region=place.region,
        state="closed",
        ended_at=timezone.now(),
        quality_passed=True,
        reply="已补发工资",
        **more,
    )
    return str(row.number)


def test_the_catalogue_says_what_each_figure_counts():
    codes = {row["code"]: row for row in Caller(county().clerk).get("/indicators").json()}

    assert codes.keys() >= {
        "hotline.received",
        "hotline.closed",
        "hotline.closed_on_time",
        "hotline.resolved",
    }
    assert codes["hotline.resolved"]["unit"] == "%"
    assert codes["hotline.resolved"]["definition"]


def test_a_figure_comes_with_its_base_and_by_region():
    place = county()
    closed(place, solved=True)
    closed(place, solved=False)
    closed(place)

    figure = Caller(place.clerk).get("/indicators/hotline.resolved", region="370100").json()

    assert (figure["value"], figure["n"], figure["total"], figure["outside_percent"]) == (
        "50.00",
        2,
        3,
        "33.33",
    )
    assert [(r["region"], r["value"], r["n"]) for r in figure["by_region"]] == [("370102", "50.00", 2)]
    assert figure["from"].endswith("-01-01")


def test_nothing_known_is_null_and_not_nought():
    figure = Caller(county().clerk).get("/indicators/hotline.satisfied", region="370100").json()

    assert (figure["value"], figure["n"], figure["total"]) == (None, 0, 0)


def test_a_figure_and_its_records_are_of_the_readers_own_reach():
    place = county()
    mine = closed(place)
    elsewhere = RegionFactory(code="370202")
    CaseFactory(region=elsewhere, state="closed", ended_at=timezone.now(), quality_passed=True)
    caller = Caller(place.clerk)

    figure = caller.get("/indicators/hotline.closed").json()
    records = caller.get("/indicators/hotline.closed/records").json()

    assert figure["value"] == "1"
    assert [(r["type"], r["number"], r["region"]) for r in records["items"]] == [
        ("hotline.case", mine, "370102")
    ]


def test_the_parts_of_a_ratio_open_to_their_own_records():
    place = county()
    yes, no, unknown = closed(place, solved=True), closed(place, solved=False), closed(place)
    caller = Caller(place.clerk)

    def numbers(part: str) -> set[str]:
        page = caller.get("/indicators/hotline.resolved/records", part=part).json()
        return {item["number"] for item in page["items"]}

    assert (numbers("part"), numbers("rest"), numbers("base"), numbers("all")) == (
        {yes},
        {no},
        {yes, no},
        {yes, no, unknown},
    )


def test_records_page_by_key():
    place = county()
    numbers = {closed(place) for _ in range(5)}
    caller = Caller(place.clerk)

    first = caller.get("/indicators/hotline.closed/records", limit=3).json()
    second = caller.get("/indicators/hotline.closed/records", limit=3, cursor=first["next"]).json()

    assert {r["number"] for r in first["items"] + second["items"]} == numbers
    assert second["next"] is None


def test_the_period_is_half_open():
    place = county()
    today = timezone.localdate()
    closed(place)
    caller = Caller(place.clerk)

    def value(first: Any, after: Any) -> Any:
        return caller.get("/indicators/hotline.closed", **{"from": first, "to": after}).json()["value"]

    assert (value(today, today + timedelta(days=1)), value(today - timedelta(days=1), today)) == ("1", "0")


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/indicators/none", {}, (404, "not_found")),
        ("/indicators/none/records", {}, (404, "not_found")),
        ("/indicators/hotline.closed", {"region": "990000"}, (422, "invalid")),
        ("/indicators/hotline.closed", {"from": "2026-02-01", "to": "2026-01-01"}, (422, "invalid")),
        ("/indicators/hotline.closed/records", {"part": "half"}, (422, "invalid")),
        ("/indicators/hotline.closed", {"by": "shoe size"}, (422, "invalid")),
        ("/indicators/calls.offered/records", {"by": "channel"}, (422, "invalid")),
    ],
)
def test_what_can_not_be_asked_is_a_problem(path, query, expected):
    response = Caller(county().clerk).get(path, **query)

    assert problem_of(response) == (expected[0], "application/problem+json", expected[1])


def test_a_figure_parts_by_what_is_asked_and_each_part_opens_to_its_records():
    place = county()
    mine = closed(place, channel="phone", handler=place.handler)
    closed(place, channel="web", handler=place.deputy)
    nobody = closed(place, channel="web")
    caller = Caller(place.clerk)

    figure = caller.get("/indicators/hotline.closed", by="agent").json()
    listed = {
        key: [
            r["number"]
            for r in caller.get("/indicators/hotline.closed/records", by="agent", key=key).json()["items"]
        ]
        for key in (str(place.handler.pk), "")
    }

    assert (figure["by"], figure["by_region"]) == ("agent", [])
    assert {(p["key"], p["name"], p["value"]) for p in figure["parts"]} == {
        (str(place.handler.pk), str(place.handler), "1"),
        (str(place.deputy.pk), str(place.deputy), "1"),
        (None, None, "1"),
    }
    assert listed == {str(place.handler.pk): [mine], "": [nobody]}


def test_an_account_without_the_right_to_view_sees_no_records():
    place = county()
    closed(place)
    blind = AccountFactory(grants=[(place.region, None, EVERY_RIGHT.replace("case.view ", ""))])

    assert Caller(blind).get("/indicators/hotline.closed/records").json()["items"] == []
