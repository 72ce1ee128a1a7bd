"""The page of figures by a dimension: each number of the table opens the records it counts."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory, CaseFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.engines.indicators.declare import INDICATORS, Unit
from yanzhen.engines.indicators.figures import Figure
from yanzhen.faces.console import breakdown
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Parameter

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _terms() -> None:
    """Of the parameters the one that a figure reads: all of them take half a second."""
    given = {
        "value": 30,
        "unit": "calendar_days",
        "starts_on": date(2017, 1, 1),
        "source": "测试",
        "grade": "D",
    }
    Parameter.objects.create(code="hotline.repeat_window", **given)
    Parameter.objects.create(code="indicators.least_base", **(given | {"value": 3, "unit": "count"}))
    parameters.forget_parameters()


AT = datetime(2026, 6, 1, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
HERE = "/console/figures/?period=2026&region=370000"


def reader(code: str = "370000", line: str | None = None) -> Account:
    RegionFactory(code="370000", level="province")
    return AccountFactory(
        grants=[(RegionFactory(code=code), line and LineFactory(code=line), "case.view call.view")]
    )


def closed(**more: Any) -> Any:
    given = {"region": RegionFactory(code="370102"), "received_at": AT, "ended_at": AT, "state": "closed"}
    return CaseFactory(**(given | {"quality_passed": True} | more))


def listed(page: Any) -> int:
    """Return how many records the page lists."""
    return int(page.context.get("rows", "").count("<tr>"))


def links(page: Any) -> list[tuple[str, str]]:
    """Return (address, number) of every number in the table."""
    found = re.findall(
        r'<td class="count[^"]*">\s*<a href="([^"]+)"[^>]*>\s*([^<]+?)\s*</a>', page.content.decode()
    )
    return [(unescape(address), number) for address, number in found]


@pytest.mark.parametrize("by", ["region", "line", "agent", "category", "hour", "channel"])
def test_each_count_of_the_table_opens_that_many_records(by):
    for line in ("union", "union", "court"):
        unit = OrganisationFactory(region=RegionFactory(code="370102"), line=LineFactory(code=line))
        closed(organisation=unit, handler=AccountFactory())
    client = browser(reader())

    numbers = links(client.get(f"{HERE}&by={by}"))
    counts = [(address, n) for address, n in numbers if "/hotline.closed/" in address]

    assert sum(int(n) for _, n in counts) == 3
    for address, n in counts:
        shown = client.get(address)
        assert listed(shown) == int(n)
        assert f"by={by}" in shown.content.decode()


def test_the_largest_stand_first_and_a_column_can_be_sorted_by():
    few, many = AccountFactory(name="少的"), AccountFactory(name="多的")
    closed(handler=few, late=False), closed(handler=many, late=True), closed(handler=many, late=False)
    client = browser(reader())

    def order(query: str) -> list[str]:
        (table,) = (
            t for t in client.get(f"{HERE}&by=agent{query}").context["tables"] if t.group == "诉求工单"
        )
        return [row.name for row in table.rows]

    assert order("") == ["多的", "少的"]
    assert order("&sort=hotline.closed_on_time") == ["少的", "多的"]
    assert order("&sort=nothing") == ["多的", "少的"]


def test_what_has_no_value_is_a_dash_that_opens_too():
    closed(handler=None)
    client = browser(reader())

    (address, _) = next(
        link for link in links(client.get(f"{HERE}&by=agent")) if "hotline.closed/" in link[0]
    )

    assert address.endswith("by=agent&key=-")
    assert "人员：—" in text(client.get(address))
    assert listed(client.get(address)) == 1


def test_a_part_shows_what_its_reader_may_see_and_no_more():
    handler = AccountFactory()
    closed(handler=handler, line=LineFactory(code="court"))
    closed(handler=handler, line=LineFactory(code="union"))
    closed(handler=handler, line=LineFactory(code="court"), region=RegionFactory(code="370202"))
    address = f"/console/figures/hotline.closed/?period=2026&by=agent&key={handler.pk}"

    assert [
        listed(browser(account).get(address))
        for account in (reader(), reader("370100", "court"), reader("370300"))
    ] == [3, 1, 0]


def test_a_day_is_a_period_and_is_offered():
    today = timezone.localdate()
    closed(ended_at=timezone.now())
    closed()
    client = browser(reader())

    page = client.get(f"/console/figures/?period={today}&by=hour")

    assert f'value="{today}" selected' in page.content.decode()
    assert [n for address, n in links(page) if "hotline.closed/" in address] == ["1"]


@pytest.mark.parametrize("query", ["by=nothing", "period=2026-13", "period=2026-02-30", "by=nothing&key=1"])
def test_what_can_not_be_asked_is_refused(query):
    client = browser(reader())

    assert client.get(f"/console/figures/?{query}").status_code == 422
    assert client.get(f"/console/figures/hotline.closed/?{query}&key=1").status_code == 422


def test_a_rate_says_of_how_many_and_is_grey_where_they_are_few():
    many, few = AccountFactory(name="多的"), AccountFactory(name="少的")
    for n in range(3):
        closed(handler=many, late=n == 0)
    closed(handler=few, late=True)

    page = browser(reader()).get(f"{HERE}&by=agent&sort=hotline.closed")

    (table,) = (t for t in page.context["tables"] if t.group == "诉求工单")
    place = [column.indicator.code for column in table.columns].index("hotline.closed_on_time")
    told = [
        (row.name, row.numbers[place].figure.said, row.numbers[place].figure.n, row.numbers[place].few)
        for row in table.rows
    ]
    assert told == [("多的", "66.67", 3, False), ("少的", "0", 1, True)]
    assert "66.67% n=3" in text(page)
    assert re.search(
        rf'<td class="count text-body-secondary">\s*<a href="[^"]+key={few.pk}" class="text-reset">\s*0%',
        page.content.decode(),
    )


def test_figures_stand_under_what_they_are_about_and_every_indicator_has_a_place():
    closed(handler=AccountFactory())

    page = browser(reader()).get(f"{HERE}&by=channel")

    assert [label for label, _figures in page.context["groups"]] == list(breakdown.GROUPS.values())
    assert [table.group for table in page.context["tables"]] == ["诉求工单", "回访与质检", "重复诉求"]
    assert {breakdown.group_of(indicator) for indicator in INDICATORS} == set(breakdown.GROUPS)


@pytest.mark.parametrize(
    ("unit", "value", "said"),
    [
        (Unit.YUAN, "30000.00", "30,000 元"),
        (Unit.SECONDS, "10.02", "10.02 秒"),
        (Unit.ITEMS, "1234567", "1,234,567"),
        (Unit.PERCENT, "50.00", "50%"),
    ],
)
def test_a_figure_is_said_with_its_unit_and_in_groups_of_three_digits(unit, value, said):
    indicator = SimpleNamespace(unit=unit)
    one = Figure(indicator, Decimal(value), 1, 1)

    assert render_to_string("console/_figure.html", {"figure": one}) == said


def test_two_of_one_name_are_told_apart_by_their_logins():
    for name, username in (("王强", "wang1"), ("王强", "wang2"), ("李静", "li")):
        closed(handler=AccountFactory(name=name, username=username))

    page = browser(reader()).get(f"{HERE}&by=agent")

    (table,) = (t for t in page.context["tables"] if t.group == "诉求工单")
    assert {row.name for row in table.rows} == {"王强（wang1）", "王强（wang2）", "李静"}
