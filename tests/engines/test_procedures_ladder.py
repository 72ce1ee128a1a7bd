"""Classes of terms, and the ladder that a term climbs once it ran out."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection

from tests.factories import AccountFactory, LineFactory
from tests.hotline import REPLY, County, county
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.procedures import CASE, LADDER
from yanzhen.engines.procedures import ladder
from yanzhen.engines.procedures.engine import advance, advance_many
from yanzhen.engines.procedures.models import Clock, Escalation
from yanzhen.engines.procedures.refusals import MoveRefused
from yanzhen.foundation.models import Record
from yanzhen.foundation.scope import EVERYTHING, database_scope

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
WEDNESDAY = datetime(2026, 3, 4, 10, 0, tzinfo=ZONE)


@pytest.fixture
def place() -> County:
    """A county that was there on the Wednesday on which its cases begin."""
    with time_machine.travel(WEDNESDAY, tick=False):
        return county()


def begun(place: County) -> Case:
    with time_machine.travel(WEDNESDAY, tick=False):
        return place.handling()


def rungs() -> list[tuple[str, str]]:
    return list(Escalation.objects.order_by("at", "pk").values_list("rung", "region_id"))


def handling_clock() -> Clock:
    return Clock.objects.get(parameter__code__startswith="hotline.handling", stopped_at=None)


def test_a_difficult_case_has_its_own_term_counted_from_the_same_start(place):
    case = begun(place)
    ordinary = handling_clock()

    with time_machine.travel(WEDNESDAY + timedelta(days=5), tick=False):
        case = advance(
            case, "grade", actor=place.clerk, complexity="difficult", note="涉及多家单位，须调查取证"
        )

    clock = handling_clock()
    assert (clock.parameter.code, clock.started_at) == ("hotline.handling_difficult", ordinary.started_at)
    assert clock.due_at > ordinary.due_at
    assert case.due_at == clock.due_at


def test_a_term_that_ran_out_climbs_level_by_level_each_once(place):
    leaders = [
        AccountFactory(grants=[(region, None, "case.view case.supervise")])
        for region in (place.region, place.region.parent, place.region.parent.parent)
    ]
    case = begun(place)
    due = case.due_at.astimezone(ZONE)

    opening = (due + timedelta(days=1)).replace(hour=10)
    ladder.climb(opening)
    ladder.climb(opening)
    assert rungs() == [("county", "370102")]
    ladder.climb(opening + timedelta(days=28))

    assert rungs() == [("county", "370102"), ("city", "370100"), ("province", "370000")]
    assert [e.told for e in Escalation.objects.order_by("pk")] == [[leader.pk] for leader in leaders]
    assert Record.objects.filter(verb="escalate", subject_id=str(case.pk)).count() == 3
    assert handling_clock().rung_at is None


def test_at_night_only_an_urgent_case_is_told_of(place):
    normal, urgent = begun(place), begun(place)
    type(urgent).objects.filter(pk=urgent.pk).update(urgency="urgent")
    night = (normal.due_at.astimezone(ZONE) + timedelta(days=1)).replace(hour=2)

    ladder.climb(night)
    assert list(Escalation.objects.values_list("subject_id", flat=True)) == [urgent.pk]
    ladder.climb(night.replace(hour=10))

    assert set(Escalation.objects.filter(rung="county").values_list("subject_id", flat=True)) == {
        normal.pk,
        urgent.pk,
    }


def test_where_a_level_has_nobody_the_next_above_is_told(place):
    AccountFactory(grants=[(place.region, LineFactory(code="court"), "case.supervise")])
    governor = AccountFactory(grants=[(place.region.parent.parent, LineFactory(), "case.supervise")])
    case = begun(place)

    ladder.climb((case.due_at.astimezone(ZONE) + timedelta(days=1)).replace(hour=10))

    escalation = Escalation.objects.first()
    assert escalation is not None
    assert (escalation.region_id, escalation.told) == ("370000", [governor.pk])


def test_a_stopped_clock_climbs_no_further(place):
    case = begun(place)
    late = (case.due_at.astimezone(ZONE) + timedelta(days=1)).replace(hour=10)
    ladder.climb(late)
    with time_machine.travel(late, tick=False):
        advance(case, "answer", actor=place.handler, reply=REPLY)

    ladder.climb(late + timedelta(hours=1))

    assert Escalation.objects.filter(clock__label="办理时限").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_tell_each_rung_once(place):
    cases = [begun(place) for _ in range(40)]
    late = (cases[0].due_at.astimezone(ZONE) + timedelta(days=1)).replace(hour=10)

    def sweep() -> None:
        with database_scope({EVERYTHING}):
            ladder.climb(late)
        connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(Escalation.objects.values_list("subject_id", flat=True)) == sorted(c.pk for c in cases)


def test_a_sweep_that_looked_before_another_told_does_not_tell_the_next_level_early(place):
    case = begun(place)
    clock = handling_clock()
    late = (case.due_at.astimezone(ZONE) + timedelta(days=1)).replace(hour=10)
    seen = [clock.pk]  # what the second sweep read before the first one had committed

    assert ladder.climb(late) == 1
    again = ladder._tell(Case, LADDER, ladder.Listeners(LADDER), seen, late)

    assert (again, [rung for rung, _ in rungs()]) == (0, ["county"])
    Clock.objects.filter(pk=clock.pk).update(stopped_at=late, rung_at=late)
    assert ladder._tell(Case, LADDER, ladder.Listeners(LADDER), seen, late) == 0


@pytest.mark.parametrize(
    ("appeal", "why"),
    [
        ({"headcount": 10}, "集体诉求人数"),
        ({"body": "老板再不发工资我就从楼上跳楼，请马上来人。"}, "跳楼"),
        ({"body": "老闆再不發工資我就要跳樓輕生，請馬上來人。"}, "跳楼"),
        ({"body": "老板再不发工资我就 跳 楼 ，请马上来人。"}, "跳楼"),
        ({"body": "拿不到钱我就跳河，今晚就去，求你们管管。"}, "跳河"),
        ({"body": "车间起火，还有人没有跑出来，快来人。"}, "没有跑出来"),
        ({"body": "他触电倒地，没有呼吸了，求你们快来人。"}, "触电"),
        ({"body": "老板拿刀要伤人，说谁再要钱就捅谁。"}, "拿刀"),
        ({"body": "我们班组共35名工人被拖欠工资三个月。"}, "35名工人"),
        ({"title": "有人要自殺", "body": "老板再不发工资，请马上来人。"}, "自杀"),
    ],
)
def test_a_group_or_a_life_at_risk_is_critical_and_the_leader_is_told_at_once(place, appeal, why):
    leader = AccountFactory(grants=[(place.region.parent, None, "case.supervise")])

    case = place.case(**appeal)

    assert case.urgency == "critical"
    [told] = Escalation.objects.all()
    assert (told.subject_id, told.rung, told.told) == (case.pk, "city", [leader.pk])
    assert why in told.reason


def test_nine_workers_are_no_group(place):

    assert place.case(headcount=9).urgency == "normal"
    assert place.case(body="我们班组9名工人被拖欠工资三个月。").urgency == "normal"
    assert place.case(body="公司有2000人，只有我们两名工人没有发。").urgency == "normal"
    assert place.case(body="我们班组共35名工人，被拖欠的只有这几名。", headcount=3).urgency == "normal"
    assert not Escalation.objects.exists()


@pytest.mark.parametrize("code", ["accept", "prioritise"])
def test_a_case_that_a_move_makes_critical_is_told_of_at_once_and_once(place, code):
    leader = AccountFactory(grants=[(place.region.parent, None, "case.supervise")])
    case = place.case()
    fields = {"category": place.category} if code == "accept" else {}

    advance(case, code, actor=place.clerk, urgency="critical", note="有人受伤", **fields)
    advance(case, "prioritise", actor=place.clerk, urgency="normal", note="已核实无人受伤")
    advance(case, "prioritise", actor=place.clerk, urgency="critical", note="又有人受伤")

    [told] = Escalation.objects.all()
    assert (told.subject_id, told.rung, told.told) == (case.pk, "city", [leader.pk])
    assert told.reason.endswith("时改为特急")


def test_what_is_critical_is_lowered_one_by_one_with_a_reason_and_never_when_accepting(place):
    case = place.case(headcount=10)
    given = {"actor": place.clerk, "category": place.category, "urgency": "normal"}

    with pytest.raises(MoveRefused, match="由“特急”调低为“一般”，请逐件更正"):
        advance(case, "accept", note="看过了", **given)
    outcome = advance_many(Case, [case.pk], "accept", **given)
    with pytest.raises(MoveRefused, match="须填写说明"):
        advance(case, "prioritise", actor=place.clerk, urgency="urgent")

    assert (outcome.moved, len(outcome.refused)) == (0, 1)
    assert advance(case, "prioritise", actor=place.clerk, urgency="urgent", note="误报").urgency == "urgent"
    assert not CASE.transition("received", "prioritise").bulk
