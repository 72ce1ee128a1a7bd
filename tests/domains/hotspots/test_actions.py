from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.calls import Board
from tests.factories import AccountFactory, CaseFactory, RegionFactory
from tests.hotline import county
from yanzhen.domains.hotline.calls.actions import close_trunk, open_trunk
from yanzhen.domains.hotline.calls.models import Call, Trunk
from yanzhen.domains.hotline.hotspots import actions, queries, tasks
from yanzhen.domains.hotline.hotspots.models import Alert, AlertCase
from yanzhen.domains.hotline.hotspots.sources import KIND
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.engines.similarity.index import candidates
from yanzhen.engines.similarity.models import Cluster, Member
from yanzhen.foundation.calendar import load_calendar
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Record
from yanzhen.foundation.outbox.models import Message
from yanzhen.foundation.scope import database_scope

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Asia/Shanghai")
MIDNIGHT = datetime(2026, 4, 15, tzinfo=ZONE)  # a Wednesday, without a holiday near


def case(days_ago: float, **more) -> Case:
    at = MIDNIGHT - timedelta(days=days_ago)
    return CaseFactory(received_at=at, started_at=at, **{"region": RegionFactory(code="370102"), **more})


@pytest.fixture
def place():
    """A county with two cases a day for ten weeks, of changing employers, by telephone."""
    found = county()
    load_calendar()
    rows = [
        CaseFactory.build(
            region=found.region,
            line_id="union",
            number=f"GD-OLD-{n}",
            channel="phone",
            received_at=MIDNIGHT - timedelta(days=n / 2 + 0.1),
            started_at=MIDNIGHT,
            employer=f"甲{n}单位",
        )
        for n in range(140)
    ]
    Case.objects.bulk_create(rows)
    return found


def burst(employer: str = "宏达建筑有限公司", many: int = 9, **more) -> list[Case]:
    return [case(0.5 + n / 10, employer=employer, channel="phone", **more) for n in range(many)]


def test_a_surge_of_an_employer_is_one_alert_with_its_cases(place):
    topic = Category.objects.get(code="020101")
    cases = burst(category=topic) + burst("山东省济南市宏达建筑公司", 3, category=topic)

    (alert,) = actions.sweep_surges(MIDNIGHT)

    assert (alert.kind, alert.dimension, alert.value, alert.label) == (
        "surge",
        "employer",
        "宏达建筑",
        "宏达建筑有限公司",
    )
    assert (alert.region_id, alert.line_id, alert.count, alert.opened_at) == ("370102", "union", 12, MIDNIGHT)
    assert set(alert.cases.all()) == set(cases)
    assert {(dimension, label) for dimension, label, _count in alert.also} >= {
        ("category", "区划370100 类别020101")
    }
    assert alert.mean < 1 < alert.bound < 12
    assert len(alert.past) == 8
    raised = Record.objects.get(verb="hotspot.raise")
    assert (raised.subject_id, raised.actor_id, raised.after["count"]) == (str(alert.pk), None, 12)


def test_the_next_sweep_extends_an_open_alert(place):
    burst()
    (first,) = actions.sweep_surges(MIDNIGHT)
    late = case(-0.5, employer="宏达建筑有限公司")

    (again,) = actions.sweep_surges(MIDNIGHT + timedelta(days=1))

    assert again.pk == first.pk
    assert (again.opened_at, again.seen_at) == (MIDNIGHT, MIDNIGHT + timedelta(days=1))
    assert late in again.cases.all()
    assert Alert.objects.count() == 1


def test_cases_of_a_closed_alert_raise_none_again_and_new_ones_do(place):
    burst()
    (first,) = actions.sweep_surges(MIDNIGHT)
    boss = AccountFactory(grants=[(place.region, None, "hotspot.view hotspot.decide")])
    actions.close(first, actor=boss, note="已约谈企业，工资已补发")

    assert actions.sweep_surges(MIDNIGHT + timedelta(days=1)) == []

    for n in range(10):
        case(-1.1 - n / 20, employer="宏达建筑有限公司")
    (second,) = actions.sweep_surges(MIDNIGHT + timedelta(days=2))
    assert second.pk != first.pk


def test_what_is_like_its_past_raises_nothing(place):
    assert actions.sweep_surges(MIDNIGHT) == []


def test_of_a_short_past_nothing_is_said():
    county()
    for n in range(20):
        case(n / 10)

    assert actions.sweep_surges(MIDNIGHT) == []


def test_alike_appeals_without_an_employer_are_a_cause_by_their_cluster(place):
    for n in range(8):
        actions.join(
            case(
                0.5 + n / 5,
                title="丽水新城搅拌站噪音扰民",
                body=f"搅拌站日夜施工，噪音粉尘严重，第{n}次反映，请处理。",
            )
        )

    (alert,) = actions.sweep_surges(MIDNIGHT)

    assert (alert.dimension, alert.value) == ("cluster", str(Cluster.objects.get().pk))


def test_a_line_that_stops_ringing_is_reported_once(place):
    Case.objects.bulk_create(
        CaseFactory.build(
            region=place.region, line_id="union", number=f"GD-BUSY-{n}", channel="phone", started_at=MIDNIGHT,
            received_at=MIDNIGHT - timedelta(days=7 * (n % 9 + 1), hours=n % 23 + 0.5),
        )
        for n in range(270)
    )  # fmt: skip
    Case.objects.filter(received_at__gte=MIDNIGHT - timedelta(days=1)).delete()

    (alert,) = actions.sweep_silences(MIDNIGHT)
    (again,) = actions.sweep_silences(MIDNIGHT + timedelta(hours=0))

    assert (alert.kind, alert.dimension, alert.label, alert.count) == ("silence", "channel", "电话", 0)
    assert alert.region_id == "370000"
    assert {dimension for dimension, *_rest in alert.also} == {"city", "county"}
    assert again.pk == alert.pk


def told(kind: str) -> list[tuple[int | None, str]]:
    return list(Message.objects.filter(kind=kind).order_by("pk").values_list("account_id", "text"))


def rings(trunk: Trunk, number: str, hours: list[float], *, queue: str = "") -> None:
    Call.objects.bulk_create(
        Call(
            trunk=trunk, ref=f"{number}-{n}", direction="in", status="missed", settled=True, outcome="test", queue=queue,
            started_at=MIDNIGHT - timedelta(hours=h), ended_at=MIDNIGHT, region_id="370102", line_id="union",
        )
        for n, h in enumerate(hours)
    )  # fmt: skip


def test_a_trunk_that_stops_ringing_is_told_though_the_web_and_another_queue_go_on(place):
    trunk = Board(place).trunk
    weeks = [24 * 7 * (n % 9 + 1) + n % 23 + 0.5 for n in range(180)]
    rings(trunk, "dead", weeks)
    other, _token, _secret = open_trunk("分机", place.region, actor=None)
    rings(other, "alive", [*weeks, *(n % 23 + 0.5 for n in range(20))], queue="欠薪")
    rings(other, "quiet", weeks[:90], queue="社保")
    closed, _token, _secret = open_trunk("旧总机", place.region, actor=None)
    rings(closed, "out of use", weeks)
    close_trunk(closed, actor=None, reason="拆除")
    keeper = AccountFactory(grants=[(place.region.parent, None, "hotspot.decide")])
    AccountFactory(grants=[(RegionFactory(code="370200"), None, "hotspot.decide")])
    AccountFactory(grants=[(place.region.parent, None, "hotspot.view")])

    alerts = actions.sweep_silences(MIDNIGHT)
    again = actions.sweep_silences(MIDNIGHT)

    assert {(a.dimension, a.label, a.region_id, a.count) for a in alerts} == {
        ("trunk", "总机", "370100", 0),
        ("queue", "分机 社保", "370102", 0),
    }
    assert {a.pk for a in again} == {a.pk for a in alerts}
    assert not AlertCase.objects.exists()
    assert told("hotspot.silence") == [
        (
            keeper.pk,
            f"{alert.region}有“{alert.get_dimension_display()}”静默：24 小时只有 0 件，请立即查线路和渠道是否中断。",
        )
        for alert in alerts
    ]


def test_a_dead_trunk_is_one_cause_with_its_queues(place):
    rings(Board(place).trunk, "dead", [24 * 7 * (n % 9 + 1) + n % 23 + 0.5 for n in range(180)], queue="欠薪")

    (alert,) = actions.sweep_silences(MIDNIGHT)

    assert (alert.dimension, alert.also) == ("trunk", [["queue", "总机 欠薪", 0]])


def test_a_silent_channel_is_of_the_province_though_one_county_still_calls(place):
    Case.objects.bulk_create(
        CaseFactory.build(
            region=place.region, line_id="union", number=f"GD-BUSY-{n}", channel="phone", started_at=MIDNIGHT,
            received_at=MIDNIGHT - timedelta(days=7 * (n % 9 + 1), hours=n % 23 + 0.5),
        )
        for n in range(270)
    )  # fmt: skip
    Case.objects.filter(received_at__gte=MIDNIGHT - timedelta(days=1)).delete()
    case(0.3, channel="phone")

    (alert,) = actions.sweep_silences(MIDNIGHT)

    assert (alert.dimension, alert.region_id, alert.count) == ("channel", "370000", 1)


def test_firms_of_two_counties_with_the_same_core_are_counted_apart(place):
    elsewhere = RegionFactory(code="370302")
    burst("历下区宏达建筑有限公司")
    for n in range(9):
        case(0.5 + n / 10, employer="淄川区宏达建筑公司", region=elsewhere, number=f"GD-ZC-{n}")

    alerts = [alert for alert in actions.sweep_surges(MIDNIGHT) if alert.dimension == "employer"]

    assert sorted((alert.value, alert.count) for alert in alerts) == [
        ("历下区宏达建筑", 9),
        ("淄川区宏达建筑", 9),
    ]


def test_an_alert_that_reaches_another_county_is_of_both_and_tells_once(place):
    deciders = [
        AccountFactory(grants=[(place.region, None, "hotspot.view hotspot.decide")]),
        AccountFactory(grants=[(place.region.parent, None, "hotspot.view hotspot.decide")]),
    ]
    burst()
    (first,) = actions.sweep_surges(MIDNIGHT)
    elsewhere = RegionFactory(code="370103")
    for n in range(3):
        case(-0.5, employer="宏达建筑有限公司", region=elsewhere, number=f"GD-NEW-{n}")

    (again,) = actions.sweep_surges(MIDNIGHT + timedelta(days=1))

    assert (again.pk, first.region_id, again.region_id) == (first.pk, "370102", "370100")
    widened = Record.objects.get(verb="hotspot.widen")
    assert (widened.before, widened.after) == ({"region": "370102"}, {"region": "370100"})
    assert all(again in queries.alerts(account) for account in deciders)
    text = f"{place.region}有“涉事单位”激增：7 天 9 件，请确认并处置。"
    assert told("hotspot.surge") == [(account.pk, text) for account in deciders]


def test_a_day_off_in_the_week_is_no_silence(place):
    holiday = datetime(2026, 5, 2, tzinfo=ZONE)  # the night after 1 May, a Friday

    assert actions.sweep_silences(holiday) == []


def test_who_may_not_decide_changes_nothing(place):
    burst()
    (alert,) = actions.sweep_surges(MIDNIGHT)
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, "hotspot.view hotspot.decide")])
    looker = AccountFactory(grants=[(place.region, None, "hotspot.view")])

    for account in (elsewhere, looker):
        with pytest.raises(NotAllowed):
            actions.acknowledge(alert, actor=account)
        with pytest.raises(NotAllowed):
            actions.close(alert, actor=account, note="已处置完毕")

    alert.refresh_from_db()
    assert (alert.acknowledged_at, alert.closed_at) == (None, None)


def test_a_decision_is_on_record_with_its_reason(place):
    burst()
    (alert,) = actions.sweep_surges(MIDNIGHT)
    boss = AccountFactory(grants=[(place.region, None, "hotspot.view hotspot.decide")])

    actions.acknowledge(alert, actor=boss)
    with pytest.raises(Invalid):
        actions.close(alert, actor=boss, note="好")
    actions.close(alert, actor=boss, note="已约谈企业，工资已补发")

    verbs = Record.objects.filter(subject_id=str(alert.pk), verb__startswith="hotspot.").order_by("pk")
    assert [(r.verb, r.actor_id, r.reason) for r in verbs] == [
        ("hotspot.raise", None, ""),
        ("hotspot.acknowledge", boss.pk, ""),
        ("hotspot.close", boss.pk, "已约谈企业，工资已补发"),
    ]
    with pytest.raises(Refusal, match="已经关闭"):
        actions.close(alert, actor=boss, note="再次关闭")


def test_alerts_and_their_cases_are_for_those_who_may_see_them(place):
    burst()
    (alert,) = actions.sweep_surges(MIDNIGHT)
    here = AccountFactory(grants=[(place.region, None, "hotspot.view case.view")])
    other_line = AccountFactory(grants=[(place.region, place.union.line, "case.view")])
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, "hotspot.view case.view")])

    assert [list(queries.alerts(a)) for a in (here, other_line, elsewhere)] == [[alert], [], []]
    assert queries.cases_of(alert, here).count() == 9
    assert queries.cases_of(alert, elsewhere).count() == 0


def test_a_case_joins_its_like_and_may_do_so_again():
    county()
    first, second = (
        case(n, title="丽水新城搅拌站噪音扰民", body=f"搅拌站日夜施工，噪音粉尘严重，第{n}次反映。")
        for n in (2, 1)
    )

    actions.join(first)
    places = [actions.join(second) for _ in range(2)]

    assert places[0].nearest == first.pk
    assert Member.objects.count() == 2
    assert [m.record for m in candidates("hotline.case", second.body)] == [second.pk, first.pk]


def test_cases_that_came_by_list_are_joined_afterwards():
    county()
    now = timezone.now()
    for n in range(3):
        CaseFactory(region=RegionFactory(code="370102"), received_at=now - timedelta(days=n))
    CaseFactory(region=RegionFactory(code="370102"), received_at=now - timedelta(days=400))

    assert [actions.join_missed(), actions.join_missed()] == [3, 0]


def test_the_index_made_anew_has_the_cases_that_are_there_and_no_others():
    kept = county().case(body="丽水新城搅拌站日夜施工，噪音粉尘严重。")
    gone = case(1, body="丽水新城搅拌站日夜施工，噪音粉尘严重。")
    for one in (kept, gone):
        actions.join(one)
    gone.delete()

    with database_scope(set()):
        tasks.renew_index()

    assert [m.record for m in candidates(KIND, f"{kept.title}\n{kept.body}")] == [kept.pk]


def test_heat_counts_callers_of_late_and_not_calls(place):
    loud = [
        case(0.5, title="搅拌站噪音", body="丽水新城搅拌站噪音粉尘严重扰民。", phone_hash=bytes([n]) * 32)
        for n in range(3)
    ]
    again = [
        case(0.2, title="路灯不亮", body="泉塘街道路灯坏了半年没人修。", phone_hash=b"9" * 32)
        for _ in range(5)
    ]
    old = [
        case(7.5, title="停水", body="可可小城小区晚上持续停水。", phone_hash=bytes([n]) * 32) for n in (7, 8)
    ]
    for one in loud + again + old:
        actions.join(one)
    here = AccountFactory(grants=[(place.region, None, "case.view")])
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, "case.view")])

    heats = queries.hottest(here, now=MIDNIGHT)

    assert [(h.callers, h.cases, round(h.heat, 1), h.example.title) for h in heats] == [
        (3, 3, 2.9, "搅拌站噪音"),
        (2, 2, 1.0, "停水"),
    ]
    assert queries.hottest(elsewhere, now=MIDNIGHT) == []


def test_the_heat_takes_the_same_statements_for_many_as_for_one(place):
    for n in range(12):
        actions.join(case(0.5, title="停水", body="可可小城小区晚上持续停水。", phone_hash=bytes([n]) * 32))
    here = AccountFactory(grants=[(place.region, None, "case.view")])
    queries.hottest(here, now=MIDNIGHT)

    with CaptureQueriesContext(connection) as many:
        queries.hottest(here, now=MIDNIGHT)

    assert len(many) <= 5


def test_a_sweep_takes_the_same_statements_however_many_cases(place):
    actions.sweep_surges(MIDNIGHT)
    with CaptureQueriesContext(connection) as few:
        actions.sweep_surges(MIDNIGHT)
    for n in range(40):
        case(n * 1.7 + 0.3, employer=f"乙{n}单位")
    with CaptureQueriesContext(connection) as many:
        actions.sweep_surges(MIDNIGHT)

    assert len(few) == len(many)
    assert AlertCase.objects.count() == 0


@pytest.mark.parametrize(
    "job",
    [tasks.sweep_surges, tasks.sweep_silences, tasks.join_missed, tasks.tidy, tasks.renew_index],
    ids=lambda j: j.__name__,
)
def test_jobs_run_without_a_case_and_with_nothing_in_reach(job):
    county()
    with database_scope(set()):
        job()

    assert Alert.objects.count() == 0


def test_the_job_reaches_the_cases_that_came_in():
    one = county().case()
    with database_scope(set()):
        tasks.join_missed()

    assert list(Member.objects.values_list("record", flat=True)) == [one.pk]
