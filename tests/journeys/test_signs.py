"""Keys that are a single sign can be switched off (WCAG 2.1.4): who speaks to the computer types signs by accident."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.hotline import County
from tests.journeys.test_pages import log_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_sign_does_nothing_once_it_is_switched_off_and_stays_so(
    place: County, open_page: Callable[..., Page]
):
    page = open_page()
    log_in(page, place.clerk)
    panel, words = page.locator("#keys"), page.locator("input[name=q]")
    page.goto("/console/cases/")
    page.locator("body").press("/")
    expect(words).to_be_focused()

    page.locator("h1").click()
    page.locator("body").press("?")
    expect(panel).to_have_attribute("open", "")
    page.get_by_label("使用单个符号的快捷键").uncheck()
    page.keyboard.press("Escape")
    page.goto("/console/cases/")
    page.locator("body").press("/")
    page.locator("body").press("?")

    expect(words).not_to_be_focused()
    expect(panel).not_to_have_attribute("open", "")
