from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import AccountFactory, CaseFactory, LineFactory, OrganisationFactory, RegionFactory
from tests.hotline import county
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats import tasks
from yanzhen.domains.hotline.repeats.actions import join
from yanzhen.domains.hotline.repeats.candidates import Candidate, Reason, candidates
from yanzhen.domains.hotline.repeats.models import Trace
from yanzhen.domains.hotline.repeats.traces import index, index_missed
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.engines.similarity.models import Key
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db

STORY = "今年三月起在泉城路工地做木工，班组二十多人的工资一直没有发，多次找项目部都说没有钱，请求帮助追讨。"
OTHER = "公司不给缴纳社会保险，也不签订劳动合同，问了人事部门几次都没有答复，希望督促依法补缴。"


@pytest.fixture
def place():
    return county()


def put(place, /, *, days: float = 1, phone: str = "", found: bool = True, **given) -> Case:
    at = timezone.now() - timedelta(days=days)
    more = {"phone_hash": crypto.keyed_hash(phone, purpose="phone")} if phone else {}
    case = CaseFactory(
        **{"region": place.region, "started_at": at, "body": OTHER, "title": "社保"} | more | given
    )
    if found:
        index(case)
    return case


def asked(**given) -> Appeal:
    return Appeal(**{"body": "", "region": "370102"} | given)


def told(about: Case | Appeal, account: Account) -> list[tuple[str, int, tuple[Reason, ...]]]:
    return [(c.case.number, c.score, c.reasons) for c in candidates(about, account)]


def test_what_agrees_is_scored_and_said(place):
    yard = {"employer": "山东省济南市宏达建筑有限公司", "place": "泉城路工地"}
    twin = put(place, phone="13800000000", body=STORY, title="欠薪", **yard)
    half = put(place, days=2, body=STORY[:40] + OTHER[:20], title="欠薪")
    near = put(place, days=3, **yard)
    put(place, days=4)

    found = told(
        asked(body=STORY, title="欠薪", phone="13800000000", employer="宏达建筑公司", place="泉城路 工地"),
        place.clerk,
    )

    assert [(number, score) for number, score, _why in found] == [
        (twin.number, 100),
        (half.number, 35),
        (near.number, 30),
    ]
    assert found[0][2] == (
        Reason(40, "来电号码相同"),
        Reason(20, "涉事单位相同：山东省济南市宏达建筑有限公司"),
        Reason(10, "事发地点相同：泉城路工地"),
        Reason(50, "内容几乎相同（相似度 100%）"),
    )
    assert found[1][2][0].text.startswith("内容有一半以上重合（重合 ")


def test_a_registered_unit_is_found_by_any_of_its_names(place):
    OrganisationFactory(
        name="济南远洋食品有限公司", aliases=["远洋厂"], region=place.region, kind="enterprise"
    )
    case = put(place, employer="济南远洋食品有限公司", place="北园大街")

    ((number, score, why),) = told(asked(employer="远洋厂", place="北园大街"), place.clerk)

    assert (number, score, why[0]) == (
        case.number,
        30,
        Reason(20, "反映的是同一登记单位：济南远洋食品有限公司"),
    )


def test_an_employer_alone_or_a_place_alone_is_no_hint(place):
    put(place, employer="宏达建筑有限公司", place="泉城路工地")

    assert told(asked(employer="宏达建筑有限公司"), place.clerk) == []
    assert told(asked(place="泉城路工地"), place.clerk) == []


def test_the_name_of_the_employer_in_the_text_is_not_counted_again(place):
    firm = "历下区演示机械制造1号有限公司"
    put(place, employer=firm, title="欠薪", body=f"{firm}拖欠三月工资，多次讨要未果，请求帮助。")
    put(place, employer="", title="社保", body=f"反映{firm}不缴社保。")
    assert told(asked(employer=firm, title="通道", body=f"{firm}车间二楼的门锁着"), place.clerk) == []
    twin = put(place, employer=firm, title="堵塞", body="演示机械制造1号公司车间消防通道被堆料堵塞")

    found = told(asked(employer=firm, title="通道", body=f"{firm}车间消防通道被堆料堵塞"), place.clerk)

    assert found == [
        (
            twin.number,
            70,
            (Reason(20, f"涉事单位相同：{firm}"), Reason(50, "内容几乎相同（相似度 100%）")),
        )
    ]


@pytest.mark.parametrize("registered", [False, True])
def test_a_firm_of_the_same_name_elsewhere_is_another_employer(place, registered):
    here, there = "历下区演示机械制造1号有限公司", "淄川区演示机械制造1号有限公司"
    if registered:
        OrganisationFactory(name=there, region=place.region, kind="enterprise")
    put(place, employer=here, place="北园大街")
    same = put(place, days=2, employer=f"济南市{here}", place="北园大街")

    assert told(asked(employer=there, place="北园大街"), place.clerk) == []
    assert [number for number, *_ in told(asked(employer=here, place="北园大街"), place.clerk)][
        -1
    ] == same.number


def test_another_registered_unit_of_nearly_the_same_name_is_another_employer(place):
    for name in ("宏达建筑有限公司", "淄川区宏达建筑有限公司"):
        OrganisationFactory(name=name, region=place.region, kind="enterprise")
    put(place, employer="淄川区宏达建筑有限公司", place="北园大街")
    loose = put(place, days=2, employer="宏达建筑公司", place="北园大街")

    found = told(asked(employer="宏达建筑有限公司", place="北园大街"), place.clerk)

    assert [(number, score) for number, score, _why in found] == [(loose.number, 30)]


def test_what_is_over_counts_for_a_month_and_what_is_open_for_longer(place):
    over = {"state": "closed", "ended_at": timezone.now(), "quality_passed": True}
    put(place, days=40, phone="13800000000", **over)
    late = put(place, days=29, phone="13800000000", **over)
    still = put(place, days=170, phone="13800000000")
    put(place, days=190, phone="13800000000")

    assert [number for number, *_ in told(asked(phone="13800000000"), place.clerk)] == [
        late.number,
        still.number,
    ]


def test_a_case_is_no_candidate_of_itself_nor_of_its_own_group(place):
    one, two = place.accepted(), place.accepted()
    index(one)
    index(two)
    assert [c.case for c in candidates(one, place.clerk)] == [two]

    join(one, two, actor=place.clerk, kind="again", reason="同一人再次反映")

    assert candidates(one, place.clerk) == []
    third = place.accepted()
    assert {(c.case, c.grouped) for c in candidates(third, place.clerk)} == {(one, True), (two, True)}


def test_only_cases_in_reach_are_told_of(place):
    here = put(place, phone="13800000000")
    put(place, phone="13800000000", region=RegionFactory(code="370202"))
    court = AccountFactory(grants=[(place.region, LineFactory(code="court"), "case.view case.register")])

    assert [number for number, *_ in told(asked(phone="13800000000"), place.clerk)] == [here.number]
    assert told(asked(phone="13800000000"), court) == []


def test_of_a_secret_case_nothing_hidden_is_hinted_at(place):
    secret = put(place, phone="13800000000", secret=True, body=STORY, title="欠薪")
    viewer = AccountFactory(grants=[(place.region, None, "case.view")])
    revealer = AccountFactory(grants=[(place.region, None, "case.view case.reveal")])

    assert told(asked(phone="13800000000"), viewer) == []
    assert [number for number, *_ in told(asked(phone="13800000000"), revealer)] == [secret.number]
    ((_number, score, _why),) = told(asked(phone="13800000000", body=STORY, title="欠薪"), viewer)
    assert score == 50


def test_ten_are_shown_by_six_statements(place):
    for n in range(15):
        put(
            place,
            days=n / 10 + 0.1,
            phone="13800000000",
            employer="宏达建筑有限公司",
            place="泉城路工地",
            body=STORY,
        )
    wanted = asked(phone="13800000000", employer="宏达建筑有限公司", place="泉城路工地", body=STORY)
    candidates(wanted, place.clerk)  # the stop set and the parameters are kept

    with CaptureQueriesContext(
        connection,
    ) as queries:
        found: list[Candidate] = candidates(wanted, place.clerk)

    assert len(found) == 10
    assert len(queries) <= 6, [q["sql"][:80] for q in queries]


def test_an_empty_form_asks_nothing(place):
    put(place)

    assert candidates(asked(), place.clerk) == []
    assert candidates(asked(phone="138"), place.clerk) == []


def test_indexing_again_changes_nothing(place):
    case = put(place, employer="宏达建筑有限公司", body=STORY)
    before = (list(Trace.objects.values()), sorted(Key.objects.values_list("key", "record")))

    index(case)

    assert (list(Trace.objects.values()), sorted(Key.objects.values_list("key", "record"))) == before


def test_new_cases_are_found_within_the_minute_and_old_ones_within_the_hour(place):
    new = put(place, days=0.5, found=False, body=STORY)
    old = put(place, days=100, found=False, body=STORY)
    put(place, days=400, found=False, body=STORY)
    wanted = asked(body=STORY, title="社保")

    tasks.index_new()
    assert [number for number, *_ in told(wanted, place.clerk)] == [new.number]
    tasks.index_old()
    assert [number for number, *_ in told(wanted, place.clerk)] == [new.number, old.number]
    assert index_missed(timedelta(days=180)) == 0
