"""An agent types an appeal and takes a suggested category over."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.hotline import County
from tests.journeys.test_pages import log_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_suggestion_is_taken_over_by_a_click(place: County, open_page: Callable[..., Page]):
    page = open_page()
    log_in(page, place.clerk)
    page.goto("/console/register/")
    page.get_by_label("诉求内容").fill("老板拖欠工资三个月，公司不交社保。")

    page.get_by_role("button", name="按内容建议类别").click()
    page.get_by_role("button", name="企业拖欠工资").click()

    expect(page.get_by_label("诉求类别（选填）")).to_have_value("010101")
