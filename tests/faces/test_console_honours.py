"""The pages of honours: awarding, reports, certificate and credential, numbers; and what strangers see of them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from tests.faces.console import browser, fill, text
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.honours import CAUSE, EVERY_HONOUR_RIGHT, REPORT, Ladder
from yanzhen.engines.honours.models import Credential, DutyReport, Honour, VoidNumber
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account, Record, Region
from yanzhen.foundation.people import register_person

pytestmark = pytest.mark.django_db
ID_NUMBER = "11010519491231002X"


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path) -> None:
    settings.DATA_DIR = tmp_path
    crypto.forget_keys()
    crypto.begin()


def everything(ladder: Ladder) -> Account:
    return AccountFactory(grants=[(ladder.region, None, f"{EVERY_HONOUR_RIGHT} person.edit person.reveal")])


def awarded(client: Client, **changed: Any) -> Any:
    given = {
        "title": "craftsman", "person": ID_NUMBER, "organisation": "某重工有限公司", "awarded_on": "2026-03-02", "document": "",
    }  # fmt: skip
    return client.post("/console/honours/award/", given | changed)


def test_an_honour_is_awarded_by_the_form_and_opens(ladder: Ladder):
    account = everything(ladder)
    register_person(
        name="王建国", region=ladder.region, line=ladder.unit.line, actor=account, id_number=ID_NUMBER
    )
    client = browser(account)

    response = awarded(client)

    assert (response.status_code, response.url) == (303, "/console/honours/QLGJ-2026-0001L/")
    page = text(client.get(response.url))
    for shown in ("王**", "称号craftsman", "有效", "2030-03-01", "某重工有限公司"):
        assert shown in page
    assert "王建国" not in page


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"person": "123"}, "请填写完整的手机号或身份证号"), ({"person": "13800000000"}, "没有找到此人"), ({"organisation": "没有的单位"}, "没有找到这个单位"),
        ({"awarded_on": "2099-01-01"}, "在今天之后"), ({"title": "master"}, "须从有效的"), ({"title": "hero"}, "请填写命名文件的文号"),
    ],
)  # fmt: skip
def test_what_can_not_be_awarded_says_why_and_keeps_what_was_typed(
    ladder: Ladder, changed: dict[str, str], told: str
):
    account = everything(ladder)
    register_person(
        name="王建国", region=ladder.region, line=ladder.unit.line, actor=account, id_number=ID_NUMBER
    )

    response = awarded(browser(account), **changed)

    assert (response.status_code, told in text(response), Honour.objects.count()) == (422, True, 0)


def test_the_list_is_filtered_by_title_level_state_and_holder(ladder: Ladder, django_assert_max_num_queries):
    ladder.honour(person=ladder.person("王建国"))
    ladder.honour("hero", person=ladder.person("李四"), document="3号")
    client = browser(ladder.approver)

    def seen(**query: str) -> list[bool]:
        page = text(client.get("/console/honours/", query))
        return ["王**" in page, "李*" in page]

    assert seen() == [True, True]
    assert seen(title="craftsman") == [True, False]
    assert seen(level="nation") == [False, True]
    assert seen(state="withdrawn") == [False, False]
    assert seen(holder="李") == [False, True]
    assert seen(until="2030-12-31") == [True, False]
    with django_assert_max_num_queries(16):
        client.get("/console/honours/")


def test_a_measure_is_proposed_and_decided_on_the_pages(ladder: Ladder):
    number = ladder.honour().number
    address = f"/console/honours/{number}/move"

    fill(browser(ladder.awarder), f"{address}/propose_withdrawal/", cause=CAUSE)
    fill(browser(ladder.approver), f"{address}/withdraw/", note="事实清楚，同意")

    assert Honour.objects.get().state == "withdrawn"
    assert "制作证书" not in text(browser(ladder.awarder).get(f"/console/honours/{number}/duty/"))


def test_a_report_is_handed_in_by_the_unit_and_graded_by_somebody_else(ladder: Ladder):
    number = ladder.honour().number
    unit, reviewer = browser(ladder.reporter), browser(ladder.approver)

    assert unit.post(f"/console/honours/{number}/duty/new/", {"year": 2026, **REPORT}).status_code == 303
    report = DutyReport.objects.get()
    assert "等待评定" in text(unit.get(f"/console/honours/reports/{report.pk}/"))
    assert "王**" in text(reviewer.get("/console/honours/reports/"))
    wrong = reviewer.post(f"/console/honours/reports/{report.pk}/", {"grade": "fail", "opinion": ""})
    assert (wrong.status_code, "须写明理由" in text(wrong)) == (422, True)
    reviewer.post(f"/console/honours/reports/{report.pk}/", {"grade": "good", "opinion": ""})

    assert DutyReport.objects.get().grade == "good"
    assert "王**" not in text(reviewer.get("/console/honours/reports/"))
    after = text(unit.get(f"/console/honours/{number}/duty/"))
    assert "良好" in after
    assert "填报履职报告" not in after, "the only year is graded"


def test_the_certificate_is_made_for_those_who_award_and_that_is_on_record(ladder: Ladder):
    honour = ladder.honour()
    address = f"/console/honours/{honour.number}/certificate/"

    made = browser(ladder.awarder).get(address)
    refused = browser(ladder.reporter).get(address)

    assert (made["Content-Type"], made.content[:5], refused.status_code) == ("application/pdf", b"%PDF-", 403)
    assert Record.objects.filter(verb="honour.certificate").values_list("actor_id", "subject_id").get() == (
        ladder.awarder.pk, str(honour.pk),
    )  # fmt: skip


def test_a_name_that_no_font_draws_is_refused_in_words(ladder: Ladder):
    honour = ladder.honour(person=ladder.person("张\ue863"))

    page = browser(ladder.awarder).get(f"/console/honours/{honour.number}/certificate/")

    assert (page.status_code, "自造字" in page.content.decode()) == (409, True)


def test_a_credential_is_handed_over_and_made_out_anew(ladder: Ladder):
    number = ladder.honour().number
    client = browser(ladder.awarder)
    first = client.get(f"/console/honours/{number}/credential/").content.decode()

    client.post(f"/console/honours/{number}/credential/replace/", {"reason": "姓名登记有误"})

    assert client.get(f"/console/honours/{number}/credential/").content.decode() != first
    assert "姓名登记有误" in text(client.get(f"/console/honours/{number}/duty/"))
    assert Credential.objects.filter(revoked_at=None).count() == 1


def test_the_series_are_shown_and_a_missing_number_is_explained(ladder: Ladder):
    ladder.honour()
    honour = ladder.honour(person=ladder.person("李四"))
    Credential.objects.filter(honour=honour).delete()
    Honour.objects.filter(pk=honour.pk).delete()
    client = browser(ladder.approver)
    assert "缺 1 号 QLGJ-2026-0002J" in text(client.get("/console/honours/series/"))

    wrong = client.post(
        "/console/honours/series/void/",
        {"title": "craftsman", "year": 2026, "serial": 1, "reason": "证书污损"},
    )
    client.post(
        "/console/honours/series/void/",
        {"title": "craftsman", "year": 2026, "serial": 2, "reason": "证书污损"},
    )

    assert (wrong.status_code, "已经授出" in text(wrong)) == (422, True)
    assert "连续" in text(client.get("/console/honours/series/"))
    assert VoidNumber.objects.get().number == "QLGJ-2026-0002J"


def test_who_is_from_elsewhere_or_another_line_finds_nothing(ladder: Ladder):
    number = ladder.honour().number
    report = ladder.report(Honour.objects.get())
    strangers = (
        AccountFactory(grants=[(RegionFactory(code="370202"), None, EVERY_HONOUR_RIGHT)]),
        AccountFactory(grants=[(ladder.region, LineFactory(code="court"), EVERY_HONOUR_RIGHT)]),
    )
    addresses = (
        f"{number}/", f"{number}/duty/", f"{number}/duty/new/", f"{number}/certificate/", f"{number}/credential/",
        f"{number}/credential/replace/", f"reports/{report.pk}/",
    )  # fmt: skip

    answers = {browser(s).get(f"/console/honours/{a}").status_code for s in strangers for a in addresses}

    assert answers == {404}


def test_a_holder_who_lives_beyond_the_units_reach_can_be_served_all_the_same(ladder: Ladder):
    """The person's row lies behind the wall; only what the honour needs of it is read there."""
    far = Region.objects.get_or_create(code="370202", defaults={"name": "市南区", "level": "county"})[0]
    person = ladder.person()
    person.region = far
    person.save()
    number = ladder.honour(person=person).number
    local = AccountFactory(grants=[(ladder.region, None, "honour.view honour.award")])

    page = browser(local).get(f"/console/honours/{number}/certificate/")
    again = browser(local).post(f"/console/honours/{number}/credential/replace/", {"reason": "姓名登记有误"})

    assert (page.content[:5], again.status_code) == (b"%PDF-", 303)
    assert Honour.objects.get().awarded_on == date(2026, 3, 2)


def test_the_menu_marks_the_page_that_is_open_and_not_the_desk_above_it(ladder: Ladder):
    page = browser(ladder.approver).get("/console/honours/series/").content.decode()

    (marked,) = re.findall(r"<a[^>]*aria-current=\"page\"[^>]*>.*?</a>", page, re.DOTALL)
    assert "证书编号" in marked
