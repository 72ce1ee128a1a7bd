"""The pages of closing the loop, light and dark, wide and narrow; a call noted by the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.closing import ALL_PASS, WHY, answered, at, checker, sample_of
from tests.faces.test_portal_track import answered as told
from tests.factories import AccountFactory
from tests.hotline import County
from tests.journeys.test_pages import LOOKS, faults, log_in
from yanzhen.domains.hotline.closing.actions import Answer, answer_online, note_attempt
from yanzhen.domains.hotline.closing.marks import propose_mark
from yanzhen.domains.hotline.closing.models import Attempt, Sampled
from yanzhen.domains.hotline.closing.sampling import review_sample
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation.models import Account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
RIGHTS = "case.view case.call_back case.check case.reopen case.reveal case.handle"


def officer(place: County) -> Account:
    return AccountFactory(grants=[(place.region, None, RIGHTS)])


def waiting(place: County, account: Account) -> Case:
    """A case with two calls, one of them of today, and what the caller said online."""
    case = answered(place)
    note_attempt(case, actor=place.clerk, outcome="no_answer", at=at(1, 10))
    note_attempt(case, actor=account, outcome="busy")
    other = answered(place)
    answer_online(other, Answer(False, "dissatisfied", "satisfied", "还差一个月工资没有发"))
    return case


def pages_of(place: County, account: Account) -> list[str]:
    case = waiting(place, account)
    looked = sample_of(place)
    open_one = Sampled.objects.create(
        draw=looked.draw, case=place.closed(), region=place.region, line_id="union", due_at=at(-3, 0)
    )
    review_sample(
        looked, actor=checker(place), findings={**ALL_PASS, "facts": "fail"}, passed=False, opinion=WHY
    )
    mark = propose_mark(case, actor=place.handler, ground="repeated", reason=WHY)
    call = f"/console/closing/call-backs/{case.number}"
    return [
        "/console/closing/call-backs/", f"{call}/reached/", f"{call}/noted/later/", f"{call}/given-up/",
        f"/console/closing/cases/{case.number}/",
        "/console/closing/samples/", "/console/closing/samples/?box=done",
        f"/console/closing/samples/{open_one.pk}/", f"/console/closing/samples/{looked.pk}/",
        f"/console/closing/draws/{looked.draw_id}/",
        "/console/unreasonable/", f"/console/unreasonable/{mark.number}/",
        "/console/closing/unreasonable/propose/",
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "dark"), LOOKS[::3])
def test_the_pages_are_readable_in_every_look(place, open_page, width, dark):
    page: Page = open_page(width=width, dark=dark)
    account = officer(place)
    addresses = pages_of(place, account)
    log_in(page, account)
    found: dict[str, list[str]] = {}

    for address in addresses:
        page.goto(address)
        if wrong := faults(page):
            found[address] = wrong

    assert found == {}


def test_a_call_is_noted_and_taken_back_by_the_keyboard(place, open_page):
    page: Page = open_page(scripts=False)
    account = officer(place)
    answered(place)
    log_in(page, account)

    page.goto("/console/closing/call-backs/")
    page.get_by_role("button", name="无人接听").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="记错了，更正").focus()
    page.keyboard.press("Enter")
    page.get_by_text("已更正").wait_for()

    assert [a.outcome for a in Attempt.objects.order_by("pk")] == ["no_answer", "mistake"]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_caller_answers_and_appeals_on_a_phone(place, open_page, width, dark):
    receipt = told(place)
    receipt.case.refresh_from_db()
    mark = propose_mark(receipt.case, actor=place.handler, ground="repeated", reason=WHY)
    advance(mark, "confirm", actor=checker(place), opinion=WHY)
    page: Page = open_page(width=width, dark=dark)

    page.goto("/track/")
    page.fill("input[name=number]", receipt.number)
    page.fill("input[name=secret]", receipt.check_code)
    page.keyboard.press("Enter")
    page.get_by_label("您的问题解决了吗").select_option("没有解决")
    assert faults(page) == []
    page.get_by_role("button", name="提交评价").click()
    page.get_by_text("已收到您的评价").wait_for()
    page.get_by_label("您为什么不同意").fill("单位至今没有付钱")
    page.get_by_role("button", name="提出异议").click()
    page.get_by_text("另一位工作人员复核").wait_for()
