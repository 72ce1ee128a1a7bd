"""What people do with the product, from the first page to the last, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.hotline import REPLY, County
from tests.journeys.test_pages import log_in
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures.engine import advance
from yanzhen.faces.console.models import BulkMove
from yanzhen.faces.console.tasks import run_bulk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BODY = "工地自八月起没有发工资，班组二十人，找项目部多次没有结果。"


def test_a_worker_files_on_a_phone_and_follows_it_by_the_check_code(
    place: County, open_page: Callable[..., Page]
):
    page = open_page(width=390)
    page.goto("/")
    page.get_by_role("link", name="我要反映问题").click()
    page.get_by_label("您遇到了什么事").fill(BODY)
    page.locator("select[aria-label]").first.select_option(label="济南市")
    page.locator("#id_region").select_option(label="历下区")
    page.get_by_label("手机号", exact=True).fill("13812345678")
    page.get_by_role("button", name="提交").click()

    code = page.locator(".receipt-code").inner_text()
    number = page.locator(".receipt-number").inner_text()
    case = Case.objects.get(number=number)
    advance(case, "accept", actor=place.clerk, category=place.category)
    advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
    advance(case, "answer", actor=place.handler, reply=REPLY)

    page.get_by_role("link", name="查进度").first.click()
    page.get_by_label("受理编号").fill(number.lower())
    page.get_by_label("查询码，或手机号后四位").fill(code)
    page.get_by_role("button", name="查询").click()

    expect(page.get_by_role("heading", name="已答复，等待回访")).to_be_visible()
    expect(page.get_by_text(REPLY)).to_be_visible()


def test_all_of_it_works_without_scripts(place: County, open_page: Callable[..., Page]):
    page = open_page(width=390, scripts=False)
    page.goto("/submit/")
    page.get_by_label("您遇到了什么事").fill(BODY)
    page.locator("#id_region").select_option(value="370102")
    page.get_by_label("我要匿名").check()
    page.get_by_role("button", name="提交").click()

    expect(page.locator(".receipt-number")).to_have_text(re.compile(r"GD370102-\d{8}-\d{5}-\w"))

    desk = open_page(scripts=False)
    log_in(desk, place.clerk)
    desk.goto("/console/cases/")
    desk.get_by_label("状态").select_option(label="待受理")
    desk.get_by_role("button", name="查找").click()
    desk.locator(".worklist td.is-title a").first.click()
    desk.get_by_role("link", name="受理", exact=True).click()
    desk.get_by_label("诉求类别").select_option(value=place.category.pk)
    desk.get_by_role("button", name="受理").click()

    expect(desk.get_by_text("已办理：受理")).to_be_visible()
    assert Case.objects.get().state == "accepted"


def test_a_clerk_narrows_the_list_ticks_and_moves_many(place: County, open_page: Callable[..., Page]):
    wanted = [place.case(employer="某某机械厂") for _ in range(3)]
    place.case(employer="另一家")
    page = open_page()
    log_in(page, place.clerk)
    page.goto("/console/cases/?box=to-do")

    page.locator("#id_q").fill("某某机械")
    page.get_by_role("button", name="查找").click()
    expect(page.locator(".worklist tbody tr")).to_have_count(3)
    expect(page).to_have_url(re.compile("q="))
    page.get_by_label("选中本页").check()
    expect(page.locator(".bulk b").first).to_have_text("3")
    page.get_by_role("button", name="受理").click()
    page.get_by_label("诉求类别").select_option(value=place.category.pk)
    page.get_by_role("button", name="确认办理 3 件").click()
    run_bulk(pk=BulkMove.objects.get().pk)

    expect(page.get_by_text("已完成。")).to_be_visible(timeout=5000)
    assert {Case.objects.get(pk=c.pk).state for c in wanted} == {"accepted"}


def test_the_look_chosen_stays_chosen(place: County, open_page: Callable[..., Page]):
    page = open_page()
    page.goto("/")
    page.get_by_role("button", name="深色").click()
    page.goto("/help/")

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_pages_speak_english_when_asked_to(place: County, open_page: Callable[..., Page]):
    page = open_page()
    page.goto("/")
    page.get_by_role("button", name="English").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("link", name="Check progress").first).to_be_visible()


def test_a_wrong_file_gets_a_sentence_and_nothing_typed_is_lost(
    place: County, open_page: Callable[..., Page], tmp_path: Path
):
    file = tmp_path / "合同.pdf"
    file.write_bytes(b"MZ\x90\x00 not a pdf")
    page = open_page(width=390)
    page.goto("/submit/")
    page.get_by_label("您遇到了什么事").fill(BODY)
    page.locator("select[aria-label]").first.select_option(label="济南市")
    page.get_by_label("手机号", exact=True).fill("13812345678")
    page.locator("#id_evidence").set_input_files(file)
    page.get_by_role("button", name="提交").click()

    expect(page.get_by_text("不接收这种类型的文件").first).to_be_visible()
    expect(page.get_by_label("您遇到了什么事")).to_have_value(BODY)
