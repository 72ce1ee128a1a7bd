"""The pages of a selection in a browser, in four looks: programmes, panels, results, craftsmen, and the portal's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page

from tests.craftsmen import HALF, OFFICER, contract, works
from tests.engines.programmes.test_notices import accepted
from tests.factories import AccountFactory
from tests.hotline import County
from tests.journeys.test_pages import PASSWORD
from tests.panels import at, judges, mark_all, panel_programme, reviewed, seated
from tests.results import JURY, jury, published, ready
from tests.selection import ORGANISER, applied, enterprise, open_round, programme, unit_account
from yanzhen.domains.craftsmen.actions import mentorships as mentoring
from yanzhen.domains.craftsmen.actions.sanctions import enter_sanction
from yanzhen.domains.craftsmen.actions.studios import make_grant
from yanzhen.engines.programmes.actions import applying, editing
from yanzhen.engines.programmes.panels.actions import running
from yanzhen.engines.programmes.panels.models import Assignment, Sheet
from yanzhen.engines.programmes.results import actions as results
from yanzhen.foundation.models import Account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
LOOKS = [(1280, False), (1280, True), (390, True), (390, False)]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
OF_A_LOOK = ["color-contrast", "scrollable-region-focusable", "target-size", "link-in-text-block"]
"""Rules that light, dark and width decide; the others see the same document in every look."""
RUN = """async rules => (await axe.run({resultTypes: ["violations"], ...(rules && {runOnly: rules})})).violations
    .map(v => `${v.id} x${v.nodes.length}: ${v.nodes[0].html.slice(0, 160)}`)"""
RIGHTS = (
    f"{ORGANISER} {JURY} {OFFICER} application.mark application.recommend_city mentorship.confirm studio.review studio.pay"
    " honour.approve record.view"
)


@pytest.fixture
def everybody(place: County, settings: Any) -> Account:
    """Somebody who may open every page of a selection."""
    settings.SECOND_FACTOR_RIGHTS = ()
    cache.clear()
    account: Account = AccountFactory(grants=[(place.region.parent.parent, None, RIGHTS)])
    return account


def faults_in_all_looks(page: Page, address: str) -> list[str]:
    """Open a page once and look at it in every look: all rules at first, then those that a look may break."""
    found = []
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, (address, answer.status)
    page.evaluate(AXE)
    for width, dark in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if dark else "light")
        rules = None if (width, dark) == LOOKS[0] else OF_A_LOOK
        found += [f"{width} {'dark' if dark else 'light'} {fault}" for fault in page.evaluate(RUN, rules)]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append(f"{width} wider than the window")
    return found


def all_faults(page: Page, addresses: list[str]) -> dict[str, list[str]]:
    seen = {address: faults_in_all_looks(page, address) for address in addresses}
    return {address: faults for address, faults in seen.items() if faults}


def sit_down(page: Page, account: Account) -> None:
    account.set_password(PASSWORD)
    account.save()
    page.goto("/login/")
    page.fill("input[name=login]", account.username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def of_programmes(actor: Account) -> list[str]:
    round_ = open_round(actor, label="正在申报的一轮")
    former = round_.definition
    form = programme().plain() | {"per_employer": 1}
    newer = editing.change(former, form, why="每家企业至多一人", actor=actor)
    unit = enterprise()
    row, account = applied(round_, unit=unit)
    row = applying.submit(row, actor=account)
    applying.move_own(row, "recommend_unit", actor=unit_account(unit), note="同意推荐")
    one, round_page = f"/console/applications/{row.number}/", f"/console/rounds/{round_.pk}/"
    return [
        "/console/programmes/", f"/console/programmes/{newer.pk}/", f"/console/programmes/{newer.pk}/edit/",
        f"/console/programmes/{newer.pk}/open/", f"/console/programmes/{newer.pk}/difference/{former.pk}/",
        "/console/programmes/copy/craftsmen_qilu_craftsman/", "/console/rounds/", round_page,
        f"{round_page}stages/apply/", "/console/applications/", one,
        f"{one}move/recommend_city/",
    ]  # fmt: skip


def of_panels(actor: Account) -> list[str]:
    empty = open_round(actor, panel_programme(), label="待分配的一轮")
    reviewed(empty, 2)
    judges(at(empty, "assign"), actor, 2)
    round_ = seated(actor, applications=3, judges_=3)
    mark_all(round_)
    running.adopt(running.run(round_, actor=actor), actor=actor)
    run = running.run(round_, actor=actor)
    sheet, held = Sheet.objects.first(), Assignment.objects.filter(run__round=round_).first()
    assert sheet
    assert held
    base = f"/console/panels/{round_.pk}/"
    return [
        base, f"{base}judges/", f"{base}judges/invite/", f"{base}holes/",
        f"{base}progress/", f"{base}sheets/{sheet.pk}/", f"{base}redact/",
        f"{base}redact/{held.application.number}/", f"{base}scores/", f"{base}scores/{run.pk}/",
        f"{base}scores/{run.pk}/adopt/", f"/console/panels/{empty.pk}/fill/", f"/console/panels/{empty.pk}/scores/",
    ]  # fmt: skip


def of_results(actor: Account) -> list[str]:
    made, notice = published()
    row = accepted(notice, jury())
    earlier = ready(made=programme(code="later", ratios=(), per_employer=0))
    results.run_shortlist(earlier.round, actor=earlier.organiser)
    base, other = f"/console/results/{made.round.pk}/", f"/console/results/{earlier.round.pk}/"
    return [
        "/console/results/", f"{base}places/", f"{base}places/move/", f"{base}places/3701/letter/", f"{base}shortlist/",
        f"{base}notice/", f"{base}notice/posting/", f"{base}award/", f"{other}shortlist/", f"{other}shortlist/adopt/",
        "/console/objection/", f"/console/objection/{row.number}/", f"/console/objections/{row.number}/preview/",
    ]  # fmt: skip


def of_craftsmen(actor: Account) -> list[str]:
    here = works()
    lead = here.titled("qilu_craftsman", "qilu_master", "luban_chief")
    active = here.active(lead)
    waiting = here.proposed(lead, here.person("赵小川"))
    contract(waiting, here.officer)
    mentoring.seek(person=here.person("钱小海"), organisation=here.unit, trade="焊工", actor=here.officer)
    studio = here.studio(lead)
    make_grant(
        studio, title="qilu_craftsman", total_yuan=2 * HALF, document="鲁工发2号", actor=here.officer,
        parts=[(HALF, "完成建设并验收"), (HALF, "年度考核合格")],
    )  # fmt: skip
    enter_sanction(
        person=here.person("孙某"), kind="party", starts_on=date(2026, 1, 1), ends_on=None, source="纪检监察机关", actor=here.officer
    )  # fmt: skip
    step = active.milestones.first()
    assert step
    instalment = studio.grants.get().instalments.order_by("order").first()
    assert instalment
    honour = lead.honours.first()
    assert honour
    return [
        "/console/formation/", "/console/formation/?by=industry", "/console/formation/records/?what=lead",
        "/console/formation/records/?what=overdue", "/console/mentorships/",
        f"/console/mentorships/{active.number}/", f"/console/mentorships/{active.number}/milestones/",
        "/console/mentorships/new/", f"/console/milestones/{step.pk}/report/", "/console/wishes/", "/console/wishes/new/",
        "/console/wishes/proposals/", "/console/studios/", f"/console/studios/{studio.pk}/",
        f"/console/studios/{studio.pk}/grants/new/", "/console/sanctions/",
        "/console/instalments/", f"/console/instalments/{instalment.number}/", f"/console/honours/{honour.number}/",
        "/console/figures/craftsmen.persons_by_highest_title/",
    ]  # fmt: skip


@pytest.mark.parametrize("part", [of_programmes, of_panels, of_results, of_craftsmen])
def test_the_consoles_pages_have_no_fault(
    everybody: Account, open_page: Callable[..., Page], part: Callable[[Account], list[str]]
):
    addresses = part(everybody)
    page = open_page()
    sit_down(page, everybody)

    assert all_faults(page, addresses) == {}


def test_a_judges_sheet_has_no_fault(everybody: Account, open_page: Callable[..., Page]):
    seated(everybody)
    held = Assignment.objects.select_related("judge__account").first()
    assert held
    page = open_page()
    sit_down(page, held.judge.account)

    addresses = ["/console/reviews/", f"/console/reviews/{held.pk}/", f"/console/reviews/{held.pk}/recuse/"]
    assert all_faults(page, addresses) == {}


def test_the_portals_pages_have_no_fault(everybody: Account, open_page: Callable[..., Page]):
    _made, notice = published()
    objection = accepted(notice, jury())
    open_ = open_round(everybody, programme(code="second"), label="正在申报的一轮")
    row, worker = applied(open_)
    unit = unit_account(row.organisation)
    other, colleague = applied(open_, unit=row.organisation)
    applying.submit(other, actor=colleague)
    page = open_page()
    public = [
        "/apply/", f"/apply/{open_.pk}/", "/notices/", f"/notices/{notice.pk}/", f"/notices/{notice.pk}/object/",
        "/objections/", f"/objections/?number={objection.number}", "/check/",
    ]  # fmt: skip
    found = all_faults(page, public)
    sit_down(page, worker)
    found |= all_faults(
        page, ["/me/", f"/me/applications/{row.number}/", f"/me/applications/{row.number}/move/withdraw/"]
    )
    theirs = open_page()
    sit_down(theirs, unit)
    found |= all_faults(theirs, ["/unit/"])

    assert found == {}
