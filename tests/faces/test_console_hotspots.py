from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from tests.hotline import county
from yanzhen.domains.hotline.hotspots import actions
from yanzhen.domains.hotline.hotspots.models import Alert, AlertCase

pytestmark = pytest.mark.django_db

HOME = "/console/hotspots/"
RIGHTS = "hotspot.view hotspot.decide case.view"


def alert(region: str = "370102", label: str = "宏达建筑有限公司", **more) -> Alert:
    now = timezone.now()
    made = Alert.objects.create(
        **{
            "kind": "surge", "dimension": "employer", "value": label, "label": label, "region": RegionFactory(code=region),
            "line": LineFactory(), "opened_at": now, "seen_at": now, "count": 12, "mean": 1.25, "bound": 6, "chance": 1e-9,
            "past": [1, 0, 2, 1, 1, 0, 3, 2], "also": [["category", "历下区 拖欠工资", 11]],
        }
        | more
    )  # fmt: skip
    for _ in range(2):
        case = CaseFactory(region=made.region, employer=label)
        AlertCase.objects.create(alert=made, case=case)
    return made


@pytest.fixture
def place():
    return county()


@pytest.fixture
def boss(place):
    return AccountFactory(grants=[(place.region.parent, None, RIGHTS)])


def test_the_list_shows_what_is_open_and_how_often_it_may_be_wrong(boss):
    alert()
    alert(label="远洋食品厂", closed_at=timezone.now(), note="已处置")

    opened, closed = (text(browser(boss).get(HOME + query)) for query in ("", "?closed=1"))

    assert ("宏达建筑有限公司" in opened, "远洋食品厂" in opened) == (True, False)
    assert ("宏达建筑有限公司" in closed, "远洋食品厂" in closed) == (False, True)
    assert "激增误报每周平均不超过 1 次" in opened


def test_an_empty_list_says_so(boss):
    assert "现在没有预警" in text(browser(boss).get(HOME))


def test_alerts_of_another_place_or_line_are_not_shown(place):
    here, there = alert("370102"), alert("370202", "别处企业")
    clerk = AccountFactory(grants=[(place.region, LineFactory(code="union"), RIGHTS)])
    court = AccountFactory(grants=[(place.region, LineFactory(code="court"), RIGHTS)])

    assert [a.pk for a, *_rest in browser(clerk).get(HOME).context["alerts"]] == [here.pk]
    assert list(browser(court).get(HOME).context["alerts"]) == []
    assert browser(clerk).get(f"{HOME}{there.pk}/").status_code == 404


def test_without_the_right_there_is_no_page(place):
    clerk = AccountFactory(grants=[(place.region, None, "case.view")])

    assert [browser(clerk).get(HOME + path).status_code for path in ("", "heat/", "clusters/1/")] == [403] * 3
    assert "热点预警" not in browser(clerk).get("/console/").content.decode()


def test_an_alert_shows_its_history_its_cases_and_what_else_it_explains(boss):
    one = alert()

    shown = text(browser(boss).get(f"{HOME}{one.pk}/"))

    for word in ("宏达建筑有限公司", "历史均值 1.3", "正常上限 6", "历下区 拖欠工资：11", "GD-", "确认收到"):
        assert word in shown
    assert 'aria-label="本期 12 件' in browser(boss).get(f"{HOME}{one.pk}/").content.decode()


def test_cases_out_of_reach_are_counted_and_not_shown(place):
    one = alert()
    AlertCase.objects.create(
        alert=one, case=CaseFactory(region=RegionFactory(code="370202"), title="别处的事")
    )
    clerk = AccountFactory(grants=[(place.region, None, RIGHTS)])

    shown = text(browser(clerk).get(f"{HOME}{one.pk}/"))

    assert "另有 1 件不在您的权限范围内" in shown
    assert "别处的事" not in shown


def test_an_alert_is_acknowledged_and_closed_with_a_reason(boss):
    one = alert()
    client = browser(boss)

    client.post(f"{HOME}{one.pk}/acknowledge/")
    refused = client.post(f"{HOME}{one.pk}/close/", {"note": "好"})
    done = client.post(f"{HOME}{one.pk}/close/", {"note": "已约谈企业，工资已补发"})

    assert (refused.status_code, done.status_code) == (422, 303)
    assert "请说明原因和处置情况" in text(refused)
    one.refresh_from_db()
    assert (one.acknowledged_by, one.closed_by, one.note) == (boss, boss, "已约谈企业，工资已补发")
    shown = text(client.get(f"{HOME}{one.pk}/"))
    assert "已关闭" in shown
    assert "确认收到" not in shown
    assert "已经关闭" in text(client.post(f"{HOME}{one.pk}/close/", {"note": "再关一次看看"}))


def test_who_may_only_look_is_offered_nothing_to_decide(place):
    one = alert()
    looker = AccountFactory(grants=[(place.region, None, "hotspot.view case.view")])
    client = browser(looker)

    assert "关闭预警" not in text(client.get(f"{HOME}{one.pk}/"))
    assert client.post(f"{HOME}{one.pk}/close/", {"note": "已处置完毕"}).status_code == 403


def test_the_heat_leads_to_the_appeals_that_mean_the_same(boss, place):
    now = timezone.now()
    for n in range(3):
        actions.join(
            CaseFactory(
                region=place.region, title="丽水新城搅拌站噪音扰民", body=f"搅拌站日夜施工，噪音粉尘严重，第{n}次反映。",
                received_at=now - timedelta(hours=n), phone_hash=bytes([n]) * 32,
            )
        )  # fmt: skip
    client = browser(boss)

    page = client.get(f"{HOME}heat/")

    ((heat, title),) = page.context["heats"]
    assert title == "丽水新城搅拌站噪音扰民"
    assert (heat.callers, heat.cases) == (3, 3)
    assert text(client.get(f"{HOME}clusters/{heat.cluster}/")).count("丽水新城搅拌站噪音扰民") == 3
    assert client.get(f"{HOME}clusters/{heat.cluster + 1}/").status_code == 404


def test_the_list_takes_the_same_statements_for_many_as_for_one(boss):
    client, counts = browser(boss), []
    for start, many in ((0, 1), (1, 20)):
        for n in range(many):
            alert(label=f"单位{start + n}")
        client.get(HOME)
        with CaptureQueriesContext(connection) as queries:
            client.get(HOME)
        counts.append(len(queries))

    assert counts[0] == counts[1]
