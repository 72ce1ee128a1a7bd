"""The page of figures by a dimension: each number of the table opens the records it counts."""

from __future__ import annotations

import re
from datetime import date, datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory, CaseFactory, LineFactory, OrganisationFactory, RegionFactory
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
    found = re.findall(r'<td class="count">\s*<a href="([^"]+)">\s*([^<]+?)\s*</a>', page.content.decode())
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
        table = client.get(f"{HERE}&by=agent{query}").context["table"]
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
