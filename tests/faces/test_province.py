"""The demo province: everything in it went the way it goes at work, and says that it is made up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from yanzhen.domains.hotline import categories
from yanzhen.domains.hotline.calls.models import Call, CallBack
from yanzhen.domains.hotline.hotspots.models import Alert
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.procedures import CASE
from yanzhen.domains.hotline.reconciliation.models import Report
from yanzhen.domains.hotline.routing import actions as routing
from yanzhen.engines.indicators.declare import INDICATORS, Period
from yanzhen.engines.indicators.figures import figure
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.faces.cli import province
from yanzhen.faces.cli.province import calls, hotspots, people, selection
from yanzhen.faces.console.navigation import navigation
from yanzhen.foundation import accounts, calendar, crypto, parameters, regions
from yanzhen.foundation.models import Account, Organisation, Person, Region
from yanzhen.foundation.outbox.models import Delivery

WORKERS = {
    "值班台": "leader",
    "诉求工单": "dispatcher", "回拨任务": "caller", "回访": "caller", "抽检": "checker", "知识与话术": "agent",
    "我的通话": "agent", "全部通话": "leader", "派单规则": "coordinator", "诉求类别": "admin", "热点预警": "leader", "排班": "province",
    "指标": "leader", "分类模型": "admin", "单位": "registrar", "人员": "registrar", "来件对账": "leader",
    "通知投递": "admin", "记录链": "auditor", "账号与授权": "admin", "电话中继": "admin", "参数": "admin",
    "工作日历": "admin", "协办单": "hrss", "知识编审": "editor",
    "不合理诉求": "checker", "首页": "dispatcher", "评选申报": "organiser", "评选轮次": "organiser", "评选方案": "organiser",
    "评选结果": "organiser", "我的评审": "judge", "异议": "jury", "荣誉台账": "leader", "履职报告": "awarder", "证书编号": "awarder",
    "师徒结对": "craft_approver", "雁阵": "craft_officer", "拜师需求": "craft_officer", "工匠工作室": "craft_officer",
    "资助拨付": "craft_approver", "处分核查": "craft_officer",
}  # fmt: skip
"""Who works on which page of the menu; a page that is new has to be named here."""
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    for module, name, few in ((province, "COHORTS", 25), (calls, "CASES", 6), (calls, "CONSULTED", 6)):
        monkeypatch.setattr(module, name, few)
    regions.load()
    regions.load_lines()
    accounts.load_roles()
    categories.load()
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()
    routing.load()
    told: list[tuple[str, int, int]] = []
    province.load(lambda label, done, total: told.append((label, done, total)))
    return told


def test_the_province_has_cases_in_every_state_and_somebody_for_every_role(loaded):
    assert set(Case.objects.values_list("state", flat=True)) == {s.code for s in CASE.states}
    assert {p.username for p in province.POSTS} <= set(Account.objects.values_list("username", flat=True))
    assert {o.region.level for o in Organisation.objects.select_related("region")} == {
        "province",
        "city",
        "county",
        "town",
    }
    assert Person.objects.count() > people.PEOPLE + len(selection.WAYS)
    assert {round_.stage for round_ in Round.objects.all()} == {"review", "notice", "mark", "apply"}
    assert [round_.label for round_ in Round.objects.all() if "演示" not in round_.label] == []
    assert [o.name for o in Organisation.objects.all() if "演示" not in o.name] == []
    assert [row.title for row in Application.objects.all() if "演示" not in row.title] == []
    assert set(Application.objects.values_list("state", flat=True)) == {
        "draft", "withdrawn", "declined", "recommend_unit", "recommend_county", "recommend_city", "screen", "supplement",
        "opinion", "review", "left_out", "noticed", "awarded",
    }  # fmt: skip
    assert {label for label, done, total in loaded if done == total} == {
        "演示工单", "人员、排班、预警、回访", "评选、荣誉、师徒", "演示通话", "通知和对账",
    }  # fmt: skip


def test_whatever_a_second_person_decides_has_somebody_for_it(loaded):
    """Leave is not granted by who asks, nor an appeal against a mark decided by who confirmed it."""
    posts = Account.objects.filter(username__in=[post.username for post in province.POSTS])

    sitting = set(posts.filter(seat__active=True))
    granting = {a for a in posts if any(r.covers("370000", "union") for r in a.reaches("roster.approve"))}
    checking = {a for a in posts if any(r.covers("370000", "union") for r in a.reaches("case.check"))}

    assert sitting
    assert len(granting - sitting) >= 1
    assert len(checking) >= 2


def test_the_planted_surge_is_an_alert_and_calls_end_in_a_case_a_reason_or_a_call_back(loaded):
    over = Call.objects.filter(ended_at__isnull=False)

    assert len(hotspots.WORDS) in Alert.objects.filter(dimension="employer").values_list("count", flat=True)
    assert set(over.values_list("status", flat=True)) == {"answered", "missed"}
    assert {task.ended_at is None for task in CallBack.objects.all()} == {True, False}
    assert [call.phone_mask for call in over if not call.phone_mask.startswith("199")] == []
    assert over.filter(case=None, outcome="", call_back=None).count() == 1


def test_the_demo_reconciles_its_last_days_without_a_difference_of_the_form(loaded):
    web = Report.objects.filter(source="web")

    assert [report.differences for report in web if report.found] == []
    assert sum(report.cases for report in web) > 0


def test_the_demo_has_a_notice_that_was_given_up_and_one_that_waits(loaded):
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True))[:2] == ["dead", "pending"]


def test_every_page_of_the_menu_has_something_to_show_for_who_works_there(loaded, settings):
    settings.SECOND_FACTOR_RIGHTS = ()
    menus = {}
    for post in province.POSTS:
        request = RequestFactory().get("/console/")
        request.user = Account.objects.get(username=post.username)
        menus[post.username] = {entry["label"]: entry["url"] for entry in navigation(request)}
    everything = {label for menu in menus.values() for label in menu}
    bare = {}
    for label, username in WORKERS.items():
        client = Client()
        client.force_login(Account.objects.get(username=username))
        answer = client.get(menus[username][label])
        shown = answer.content.decode()
        if answer.status_code != 200 or ('<div class="empty' in shown and "<tbody" not in shown):
            bare[label] = answer.status_code

    # nobody has sent a sheet, and no round of the demo stands at its inspections
    assert everything - WORKERS.keys() == {"表格导入导出", "我的考察"}
    assert bare == {}


def test_every_figure_of_the_province_is_known_and_none_is_perfect(loaded):
    leader = Account.objects.get(username="leader")
    whole = Region.objects.get(code="370000")
    today = timezone.localdate()
    period = Period(today - timedelta(days=400), today + timedelta(days=1))
    found = {
        i.code: figure(i, account=leader, region=whole, period=period).value
        for i in INDICATORS
        if i.code.startswith("hotline.")
    }

    assert [code for code, value in found.items() if not value] == []
    counts = {"hotline.received", "hotline.closed"}
    assert {code: value for code, value in found.items() if value >= 100 and code not in counts} == {}
