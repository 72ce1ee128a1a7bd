"""Honours in a browser: readable for everybody, and a certificate that is checked by its number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page

from tests.factories import AccountFactory
from tests.honours import CAUSE, EVERY_HONOUR_RIGHT, Ladder
from tests.hotline import County
from tests.journeys.test_pages import faults, log_in
from yanzhen.engines.honours import credentials, numbers
from yanzhen.engines.honours.declare import TITLES
from yanzhen.engines.honours.models import Credential, Honour
from yanzhen.engines.honours.reports import review_report
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation.models import Account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def pages(ladder: Ladder) -> tuple[Account, list[str], list[str]]:
    """Return who may open everything, the console's addresses and the public ones, with something on each."""
    account = AccountFactory(grants=[(ladder.region, None, f"{EVERY_HONOUR_RIGHT} person.reveal")])
    honour = ladder.honour(person=ladder.person("欧阳修远"), document="鲁工发 2026 年 12 号")
    lost = ladder.honour(person=ladder.person("李四"))
    other = advance(
        ladder.honour(person=ladder.person("赵六")), "propose_withdrawal", actor=ladder.awarder, cause=CAUSE
    )
    credentials.replace(honour, actor=ladder.awarder, reason="姓名登记有误")
    review_report(ladder.report(honour), actor=ladder.approver, grade="good", opinion="带徒成效明显")
    report = ladder.report(other)
    Credential.objects.filter(honour=lost).delete()
    Honour.objects.filter(pk=lost.pk).delete()
    numbers.void(TITLES["craftsman"], 2026, 2, actor=ladder.approver, reason="系统迁移时丢失，证书未发出")
    one = f"/console/honours/{honour.number}/"
    console = [
        "/console/honours/", "/console/honours/?state=withdrawn", "/console/honours/award/", "/console/honours/series/", "/console/honours/series/void/",
        "/console/honours/reports/", "/console/honours/reports/?box=done", f"/console/honours/reports/{report.pk}/", one, f"{one}duty/", f"{one}duty/new/",
        f"{one}credential/replace/", f"{one}reveal/", f"{one}move/propose_suspension/", f"/console/honours/{other.number}/",
    ]  # fmt: skip
    public = ["/check/", f"/check/{honour.number}/", "/check/credential/", "/check/QLGJ-2026-0007L/"]
    return account, console, public


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_pages_have_no_fault(
    place: County, ladder: Ladder, open_page: Callable[..., Page], settings: Any, width: int, dark: bool
):
    settings.SECOND_FACTOR_RIGHTS = ()
    cache.clear()
    account, console, public = pages(ladder)
    page = open_page(width=width, dark=dark)
    log_in(page, account)
    found: dict[str, Any] = {}

    for address in [*console, *public[:-1]]:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        found[address] = faults(page)

    assert {address: f for address, f in found.items() if f} == {}


def test_who_holds_a_certificate_checks_it_by_its_number_without_script(
    place: County, ladder: Ladder, open_page: Callable[..., Page]
):
    cache.clear()
    number = ladder.honour().number
    page = open_page(width=390, scripts=False)

    page.goto("/check/")
    page.fill("input[name=number]", number.lower().replace("-", " "))
    page.press("input[name=number]", "Enter")

    page.get_by_text("有效", exact=True).wait_for()
    assert "王**" in page.inner_text("main")
