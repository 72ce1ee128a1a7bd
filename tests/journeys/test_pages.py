"""Every kind of page, light and dark, wide and narrow: readable by a screen reader, nothing beside the edge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.factories import AccountFactory, OrganisationFactory
from tests.hotline import EVERY_RIGHT, County
from tests.knowledge import library
from yanzhen.domains.hotline.knowledge import packs
from yanzhen.domains.hotline.knowledge.models import Script
from yanzhen.engines.procedures import stays
from yanzhen.engines.procedures.models import Clock
from yanzhen.foundation.accounts import deactivate
from yanzhen.foundation.models import Account
from yanzhen.foundation.people import employ, register_person, reveal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PASSWORD = "long enough 42"  # noqa: S105  # of the tests alone
LOOKS = [(1280, False), (1280, True), (390, False), (390, True)]
PORTAL = ("/", "/submit/", "/track/", "/apply/", "/help/", "/privacy/", "/login/")
RIGHTS = (
    f"{EVERY_RIGHT} case.reveal case.approve_stay case.respond sheet.import sheet.undo record.view account.view"
    " account.edit parameter.edit calendar.edit organisation.view organisation.edit person.view person.edit"
    " person.reveal knowledge.view knowledge.edit knowledge.review case.supervise call.view roster.view"
)


def faults(page: Page) -> list[str]:
    """Return what axe finds, and whether the page is wider than the window."""
    found = [
        f"{v['id']} ×{len(v['nodes'])}: {v['nodes'][0]['html'][:160]}"
        for v in Axe().run(page).response["violations"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("wider than the window")
    return found


def log_in(page: Page, account: Account) -> None:
    account.set_password(PASSWORD)
    account.save()
    page.goto("/login/")
    page.fill("input[name=login]", account.username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/console/")


def of_the_registers(place: County, account: Account) -> list[str]:
    """Return the pages of a unit with one below it, of somebody who works there, and of an account that is shut."""
    unit = OrganisationFactory(
        region=place.region,
        name="示例机械有限公司",
        aliases=["示例机械"],
        valid_to="2026-01-01",
        parent=place.union,
    )
    person = register_person(
        name="张建国", phone="13812342046", region=place.region, line=unit.line, actor=account
    )
    employment = employ(person, unit, actor=account, starts_on=date(2026, 1, 1), post="焊工")
    reveal(person, "phone", actor=account, reason="核对参赛资格")
    shut = AccountFactory(grants=[(place.region, None, "case.view")])
    deactivate(shut, actor=account, reason="调离")
    organisations, people, accounts = (
        f"/console/{name}/" for name in ("organisations", "people", "accounts")
    )
    return [
        organisations, f"{organisations}?q=zzz", f"{organisations}new/",
        f"{organisations}{unit.pk}/", f"{organisations}{place.union.pk}/", f"{organisations}{unit.pk}/edit/",
        people, f"{people}?name=zzz", f"{people}new/", f"{people}{person.pk}/", f"{people}{person.pk}/reveal/",
        f"{people}{person.pk}/employ/", f"{people}{person.pk}/employments/{employment.pk}/end/",
        f"{accounts}{shut.pk}/", f"{accounts}{shut.pk}/reactivate/", f"{accounts}{place.handler.pk}/password/",
    ]  # fmt: skip


def of_the_knowledge(case: str) -> list[str]:
    """Return the pages of knowledge: with something on each, and with nothing found."""
    packs.load()
    books = library()
    lapsed, draft = books.published(valid_to=date(2020, 1, 1)), books.draft(title="还在写的条目")
    home = "/console/knowledge/"
    script = Script(
        region=books.place.region, line_id="union", title="怎么问", text="哪一天？", source="演示"
    )
    script.save()
    return [
        home, f"{home}?q=zzz", f"{home}{lapsed.number}/", f"{home}new/", f"{home}expiring/", f"{home}macros/",
        f"{home}scripts/", f"{home}templates/", f"{home}scripts/new/", f"{home}scripts/{script.pk}/",
        f"/console/cases/{case}/knowledge/", f"/console/cases/{case}/knowledge/?q=zzz", "/console/articles/",
        f"/console/articles/{draft.number}/", f"/console/articles/{draft.number}/move/revise/",
    ]  # fmt: skip


def everything(place: County) -> tuple[Account, list[str]]:
    """Return somebody who may open everything, and an address for each kind of page."""
    account = AccountFactory(grants=[(place.region.parent, None, RIGHTS)], organisation=place.union)
    received, handling, closed = place.case(), place.handling(), place.closed()
    clock = Clock.objects.get(subject_id=handling.pk, stopped_at=None)
    stays.request_stay(clock, actor=place.handler, kind="extension", amount=2, reason="多方取证")
    one = f"/console/cases/{received.number}/"
    return account, [
        "/console/", "/console/cases/", "/console/cases/?box=to-do", "/console/cases/?q=zzz", "/console/cases/orders/",
        one, f"/console/cases/{handling.number}/", f"/console/cases/{closed.number}/", f"{one}move/accept/",
        f"{one}reveal/", f"{one}copy/", "/console/register/", "/console/figures/?by=hour", "/console/figures/hotline.satisfied/",
        "/console/live/", "/console/trail/", "/console/sheets/", "/console/sheets/send/hotline.appeals/", "/console/accounts/",
        f"/console/accounts/{account.pk}/", "/console/parameters/", "/console/parameters/hotline.handling/",
        "/console/calendar/", "/accounts/password/", *of_the_registers(place, account),
        *of_the_knowledge(handling.number),
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_portal_has_no_fault(place: County, open_page: Callable[..., Page], width: int, dark: bool):
    page = open_page(width=width, dark=dark)
    found: dict[str, Any] = {}

    for address in PORTAL:
        page.goto(address)
        found[address] = faults(page)

    assert {address: f for address, f in found.items() if f} == {}


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_console_has_no_fault(
    place: County, open_page: Callable[..., Page], settings: Any, width: int, dark: bool
):
    settings.SECOND_FACTOR_RIGHTS = ()
    account, addresses = everything(place)
    page = open_page(width=width, dark=dark)
    log_in(page, account)
    found: dict[str, Any] = {}

    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        found[address] = faults(page)

    assert {address: f for address, f in found.items() if f} == {}
