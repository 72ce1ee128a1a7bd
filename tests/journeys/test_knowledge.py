"""An agent's way through knowledge by keyboard alone, and macros in the answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.hotline import County
from tests.journeys.test_pages import log_in
from tests.knowledge import library
from yanzhen.domains.hotline.knowledge.models import KnowledgeUse, Macro, ReplyTemplate
from yanzhen.foundation.records import history

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of that name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        held = page.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || '').trim()"
        )
        if held.startswith(name):
            return
    raise AssertionError(f"no way to “{name}” by Tab")


def test_an_agent_opens_searches_cites_and_goes_back_by_keyboard(
    place: County, open_page: Callable[..., Page]
):
    books = library()
    article = books.published(keywords="时效")
    case = books.place.accepted()
    page = open_page()
    log_in(page, books.agent)
    page.goto(f"/console/cases/{case.number}/")

    tab_to(page, "知识与话术")
    tab_to(page, "知识与话术")
    page.keyboard.press("Enter")
    page.wait_for_url("**/knowledge/")
    page.keyboard.press("/")
    page.keyboard.type("时效")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="查到的知识")).to_be_visible()
    tab_to(page, article.title)
    page.keyboard.press("Enter")
    expect(page.get_by_text(article.body)).to_be_visible()
    tab_to(page, f"引用：{article.title}")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已引用：")).to_be_visible()
    tab_to(page, case.number)
    page.keyboard.press("Enter")

    expect(page.locator(".timeline").get_by_text("引用知识")).to_be_visible()
    assert KnowledgeUse.objects.get().account == books.agent
    assert history(case).filter(verb="knowledge.cite").count() == 1


def test_a_shortcut_expands_at_space_or_tab_and_a_template_selects_its_first_blank(
    place: County, open_page: Callable[..., Page]
):
    case = place.handling()
    Macro.objects.create(shortcut="/bh", text="编号是 {编号}。", region=place.region)
    ReplyTemplate(region=place.region, line=case.line, title="欠薪", text="{承办单位}已付【金额】元。").save()
    page = open_page()
    log_in(page, place.handler)
    page.goto(f"/console/cases/{case.number}/move/answer/")
    reply = page.locator("textarea[name=reply]")
    expect(page.get_by_label("插入答复模板…")).to_be_visible()

    reply.focus()
    page.keyboard.type("您好，/bh ")
    assert reply.input_value() == f"您好，编号是 {case.number}。"
    page.keyboard.type("/zz /bh")
    page.keyboard.press("Tab")
    assert reply.input_value() == f"您好，编号是 {case.number}。/zz 编号是 {case.number}。"
    page.keyboard.press("Control+z")
    assert reply.input_value().endswith("/bh")
    reply.fill("")
    page.get_by_label("插入答复模板…").select_option(label="欠薪")
    page.keyboard.type("3000")

    assert reply.input_value() == f"{place.union.name}已付3000元。"
