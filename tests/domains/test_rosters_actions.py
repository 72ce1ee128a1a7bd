"""What may be done to a roster, by whom, and what it leaves behind."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.rosters import ZONE, Place, general, moment, place, seated, shift
from yanzhen.domains.hotline.rosters import queries, rules
from yanzhen.domains.hotline.rosters.actions import alarms, duty, leaves, seats, shifts, swaps
from yanzhen.domains.hotline.rosters.actions.shifts import Overlap, Plan, Planned, RosterRefused
from yanzhen.domains.hotline.rosters.coverage import Hole, Span
from yanzhen.domains.hotline.rosters.models import Alarm, Leave, Seat, Shift, Skill, Swap
from yanzhen.domains.hotline.rosters.queries import Change
from yanzhen.domains.hotline.rosters.rotations import ROTATIONS
from yanzhen.faces.console.outbox.notices import url_of
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Record
from yanzhen.foundation.outbox.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Place:
    return place()


def plan(account: Account, where: Place, start: float, end: float, *, day: int = 5, **given: Any) -> Plan:
    given = {"region": where.county, "skill": general()} | given
    return Plan(account, start=moment(day, start), end=moment(day, end), **given)


def planned(where: Place, *plans: Plan) -> Planned:
    return shifts.plan_shifts(plans, actor=where.planner)


def spans() -> list[tuple[int, Any, Any]]:
    return sorted(Shift.objects.order_by().values_list("account_id", "starts_at", "ends_at"))


def verbs() -> list[str]:
    return list(Record.objects.order_by("id").values_list("verb", flat=True))


# ---- planning ----


def test_a_planned_shift_stands_on_record(here):
    account = here.seat()

    (row,) = planned(here, plan(account, here, 8, 16)).shifts

    (line,) = Record.objects.all()
    assert (line.verb, line.subject_id, line.actor_id, line.region_id) == (
        "shift.plan", str(row.pk), here.planner.pk, "370102",
    )  # fmt: skip
    assert line.grant_id == here.planner.grants.get().pk


def test_a_shift_that_overlaps_is_refused_by_the_other_ones_name(here):
    account = here.seat()
    (row,) = planned(here, plan(account, here, 8, 16)).shifts

    with pytest.raises(Overlap) as refused:
        planned(here, plan(here.seat(), here, 8, 16), plan(account, here, 15, 23, region=here.city))

    assert refused.value.message == (
        f"{account} 01-05 08:00–16:00 已排在{here.county}（通用），与 01-05 15:00–23:00 重叠；"
        "一人同一时间只能在一处值班，请改时间、换人，或先取消原班次"
    )
    assert refused.value.data["shifts"] == [row.pk]
    assert len(spans()) == 1


def test_shifts_of_one_list_may_not_overlap_either(here):
    account = here.seat()

    with pytest.raises(Overlap, match="本次"):
        planned(here, plan(account, here, 8, 16), plan(account, here, 15, 23))


def test_shifts_that_touch_do_not_overlap(here):
    account = here.seat()

    done = planned(here, plan(account, here, 8, 16), plan(account, here, 16, 20))

    assert (len(done.shifts), done.concerns) == (2, [])


def test_the_database_itself_keeps_one_person_in_one_place(here):
    account = here.seat()
    shift(account, here.county, moment(5, 8), moment(5, 16))

    with pytest.raises(IntegrityError, match="one_place_at_a_time"), transaction.atomic():
        shift(account, here.city, moment(5, 15), moment(5, 17))


def test_short_rest_is_warned_of_and_not_refused(here):
    account = here.seat()

    done = planned(here, plan(account, here, 8, 16), plan(account, here, 20, 24))

    assert done.concerns == [
        f"{account} 01-05 08:00–16:00 与 01-05 20:00–24:00 之间只休息 4 小时，少于 8 小时"
    ]
    assert len(done.shifts) == 2


@pytest.mark.parametrize(
    ("minutes", "words"), [(59, "59 分钟"), (60, "1 小时"), (450, "7 小时 30 分钟"), (0.5, "1 分钟")]
)
def test_a_short_rest_is_told_in_hours_and_minutes(minutes, words):
    first = Span(moment(5, 8), moment(5, 16))
    second = Span(first.end + timedelta(minutes=minutes), moment(6, 8))

    assert rules.short_rest("张某", [second, first], 8)[0].endswith(f"之间只休息 {words}，少于 8 小时")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start": 16, "end": 8}, "结束须晚于开始"),
        ({"start": 0, "end": 25}, "最长 24 小时"),
        ({"skill": "law"}, "没有“法律”技能"),
        ({"seat": False}, "没有启用的坐席"),
        ({"past": True}, "已经过去"),
    ],
)
def test_a_shift_that_can_not_be_is_refused_with_the_reason(here, change, words):
    account = here.seat() if change.get("seat", True) else AccountFactory()
    skill = Skill.objects.get(code=change.get("skill", "general"))
    wrong = plan(account, here, change.get("start", 8), change.get("end", 16), skill=skill)
    if change.get("past"):
        now = timezone.now()
        wrong = Plan(account, here.county, skill, now - timedelta(hours=9), now - timedelta(hours=1))

    with pytest.raises(Invalid, match=words):
        planned(here, wrong)


@pytest.mark.parametrize(("region", "line"), [("370200", None), ("370100", "court")])
def test_nobody_plans_for_another_region_or_line(here, region, line):
    grants = [(RegionFactory(code=region), line and LineFactory(code=line), "roster.view roster.edit")]
    stranger = AccountFactory(grants=grants)

    with pytest.raises(NotAllowed):
        shifts.plan_shifts([plan(here.seat(), here, 8, 16)], actor=stranger)
    assert spans() == []


def test_a_roster_is_seen_in_its_region_and_line_alone(here):
    row = shift(here.seat(), here.county, moment(5, 8), moment(5, 16))
    court = AccountFactory(grants=[(here.county, LineFactory(code="court"), "roster.view")])
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370200"), None, "roster.view")])

    assert [set(queries.shifts(who)) for who in (here.planner, court, elsewhere)] == [{row}, set(), set()]


def test_statements_do_not_grow_with_the_shifts_planned(here, django_assert_max_num_queries):
    people = [here.seat() for _ in range(6)]
    plans = [plan(who, here, 8, 16, day=day) for who in people for day in range(5, 25)]

    with django_assert_max_num_queries(20):
        planned(here, *plans)


def test_a_rotation_unfolds_over_a_team_but_for_who_is_on_leave(here):
    team = [here.seat() for _ in range(3)]
    Leave.objects.create(
        region=here.county, line_id="union", account=team[0], starts_at=moment(5), ends_at=moment(6),
        reason="x", status="granted", asked_at=timezone.now(), decided_by=here.approver,
    )  # fmt: skip

    done = shifts.unfold_rotation(
        ROTATIONS["three_weekly"], team, region=here.county, skill=general(), first=moment(5).date(), days=2,
        actor=here.planner,
    )  # fmt: skip

    assert len(done.shifts) == 5
    assert done.concerns == [f"{team[0]} 01-05 00:00–24:00 已批准请假，01-05 08:00–16:00 未排"]
    assert {r.reason for r in Record.objects.all()} == {"按“三班倒（每周轮换，3 人一组）”排班"}


def test_last_week_is_copied_shift_by_shift(here):
    account, other = here.seat(), here.seat(here.city)
    planned(here, plan(account, here, 8, 16, day=5), plan(account, here, 8, 16, day=11))
    shift(other, here.city, moment(6, 8), moment(6, 16))

    shifts.copy_week(here.county, moment(5).date(), onto=moment(12).date(), actor=here.planner)

    mine = [(start, end) for who, start, end in spans() if who == account.pk]
    assert mine == [(moment(d, 8), moment(d, 16)) for d in (5, 11, 12, 18)]
    assert len(spans()) == 5


def test_a_cancelled_shift_is_gone_and_its_record_holds_what_it_was(here):
    row = shift(here.seat(), here.county, moment(5, 8), moment(5, 16))

    shifts.cancel_shift(row, actor=here.planner, reason="临时调整")

    (line,) = Record.objects.all()
    assert (spans(), line.verb, line.before["account"], line.reason) == (
        [], "shift.cancel", row.account_id, "临时调整",
    )  # fmt: skip


def test_of_a_running_shift_only_what_is_to_come_is_taken_back(here):
    now = timezone.now()
    row = shift(here.seat(), here.county, now - timedelta(hours=1), now + timedelta(hours=1))

    shifts.cancel_shift(row, actor=here.planner, reason="离岗")

    row.refresh_from_db()
    assert now <= row.ends_at < now + timedelta(minutes=1)
    assert verbs() == ["shift.cut"]


# ---- leave ----


def leave_of(account: Account, start: float, end: float) -> Leave:
    return leaves.ask_leave(moment(5, start), moment(5, end), reason="家中有事", actor=account)


@pytest.mark.parametrize(
    ("start", "end", "left"),
    [
        (8, 16, []), (0, 24, []), (8, 10, [(10, 16)]), (14, 16, [(8, 14)]), (10, 12, [(8, 10), (12, 16)]),
        (15.5, 20, [(8, 15.5)]),
    ],
)  # fmt: skip
def test_leave_cuts_a_shift_at_its_ends_and_nowhere_else(here, start, end, left):
    account = here.seat()
    shift(account, here.county, moment(5, 8), moment(5, 16))

    leaves.decide_leave(leave_of(account, start, end), granted=True, actor=here.approver)

    assert spans() == [(account.pk, moment(5, a), moment(5, b)) for a, b in left]


def test_leave_that_only_touches_a_shift_is_not_needed(here):
    account = here.seat()
    shift(account, here.county, moment(5, 8), moment(5, 16))

    with pytest.raises(RosterRefused, match="没有班次"):
        leave_of(account, 16, 20)


def test_nobody_grants_their_own_leave(here):
    boss = seated(here.county)
    boss.grants.update(role=here.approver.grants.get().role)
    shift(boss, here.county, moment(5, 8), moment(5, 16))
    asked = leave_of(boss, 8, 16)

    with pytest.raises(NotAllowed, match="另一人"):
        leaves.decide_leave(asked, granted=True, actor=boss)
    assert len(spans()) == 1


def test_leave_is_decided_where_the_right_reaches(here):
    account = here.seat()
    shift(account, here.county, moment(5, 8), moment(5, 16))
    asked = leave_of(account, 8, 16)
    stranger = AccountFactory(grants=[(RegionFactory(code="370200"), None, "roster.approve")])

    for who in (stranger, here.planner):
        with pytest.raises(NotAllowed):
            leaves.decide_leave(asked, granted=True, actor=who)
    assert set(queries.leaves_to_decide(here.approver)) == {asked}
    assert set(queries.leaves_to_decide(stranger)) == set()


def test_each_step_of_leave_stands_on_record(here):
    account = here.seat()
    shift(account, here.county, moment(5, 8), moment(5, 16))

    leaves.decide_leave(leave_of(account, 10, 12), granted=True, actor=here.approver)

    assert verbs() == ["leave.ask", "leave.grant", "shift.cut", "shift.plan"]


def test_refused_or_withdrawn_leave_cuts_nothing(here):
    account = here.seat()
    shift(account, here.county, moment(5, 8), moment(5, 16))

    with pytest.raises(Invalid, match="理由"):
        leaves.decide_leave(leave_of(account, 8, 9), granted=False, actor=here.approver)
    leaves.decide_leave(Leave.objects.get(), granted=False, actor=here.approver, note="人手不足")
    leaves.withdraw_leave(leave_of(account, 8, 9), actor=account)

    assert spans() == [(account.pk, moment(5, 8), moment(5, 16))]
    with pytest.raises(RosterRefused, match="不能再改"):
        leaves.withdraw_leave(Leave.objects.first(), actor=account)


def test_the_holes_that_leave_would_make_are_known_before(here):
    now = timezone.now()
    start = now + timedelta(days=1)
    account = here.seat(here.province)
    shift(account, here.province, start, start + timedelta(hours=8))

    opened = queries.off(account.pk, start + timedelta(hours=2), start + timedelta(hours=3)).opened

    span = (start + timedelta(hours=2), start + timedelta(hours=3))
    assert opened == [Hole(code, "general", *span) for code in ("370000", "370100", "370102")]
    assert verbs() == []


# ---- swaps ----


def offered(here: Place, giver: Account, taker: Account) -> Swap:
    row = shift(giver, here.county, moment(5, 8), moment(5, 16))
    return swaps.offer_swap(row, taker=taker, actor=giver)


def test_an_accepted_swap_without_concern_is_confirmed_by_the_rule(here):
    giver, taker = here.seat(), here.seat()

    swap = swaps.answer_swap(offered(here, giver, taker), accepted=True, actor=taker)

    assert (swap.status, swap.decided_by) == ("done", None)
    assert spans() == [(taker.pk, moment(5, 8), moment(5, 16))]
    assert verbs() == ["swap.offer", "shift.swap", "swap.done"]


def test_a_swap_that_leaves_too_little_rest_waits_for_a_third_person(here):
    giver, taker = here.seat(), here.seat()
    shift(taker, here.county, moment(5, 20), moment(5, 24))

    swap = swaps.answer_swap(offered(here, giver, taker), accepted=True, actor=taker)

    assert (swap.status, swap.concerns) == (
        "accepted", [f"{taker} 01-05 08:00–16:00 与 01-05 20:00–24:00 之间只休息 4 小时，少于 8 小时"],
    )  # fmt: skip
    for who in (giver, taker, here.planner):
        with pytest.raises(NotAllowed):
            swaps.confirm_swap(swap, granted=True, actor=who)
    assert set(queries.swaps_to_decide(here.approver)) == {swap}
    done = swaps.confirm_swap(swap, granted=True, actor=here.approver)
    assert (done.status, Shift.objects.get(pk=swap.shift_id).account) == ("done", taker)


def test_only_who_was_asked_accepts_and_only_ones_own_shift_is_offered(here):
    giver, taker, other = here.seat(), here.seat(), here.seat()
    swap = offered(here, giver, taker)

    with pytest.raises(NotAllowed):
        swaps.answer_swap(swap, accepted=True, actor=other)
    with pytest.raises(NotAllowed):
        swaps.offer_swap(swap.shift, taker=other, actor=taker)
    with pytest.raises(RosterRefused, match="已在换班中"):
        swaps.offer_swap(swap.shift, taker=other, actor=giver)
    assert swaps.answer_swap(swap, accepted=False, actor=taker).status == "declined"


def test_a_swap_with_who_can_not_take_it_says_why(here):
    giver = here.seat()
    row = shift(giver, here.county, moment(5, 8), moment(5, 16))
    busy, unskilled, stranger = here.seat(), here.seat(skill="law"), seated(RegionFactory(code="370202"))
    shift(busy, here.county, moment(5, 12), moment(5, 20))

    for taker, words in ((busy, "重叠"), (unskilled, "技能"), (stranger, "权限")):
        with pytest.raises((RosterRefused, Overlap), match=words):
            swaps.offer_swap(row, taker=taker, actor=giver)
    assert not Swap.objects.exists()


# ---- on duty ----


def test_a_hand_over_is_read_by_the_next_shift_and_by_nobody_else(here):
    now = timezone.now()
    before, after, other = here.seat(), here.seat(), here.seat()
    ended = shift(before, here.county, now - timedelta(hours=8), now)
    following = shift(after, here.county, now, now + timedelta(hours=8))

    note = duty.write_hand_over(ended, note="张女士 13812345678 待回电", actor=before)

    assert note.note == "张女士 138****5678 待回电"
    assert queries.hand_overs_for(following) == [note]
    for who in (before, other):
        with pytest.raises(NotAllowed):
            duty.read_hand_over(note, actor=who)
    assert duty.read_hand_over(note, actor=after).read_by == after
    assert queries.hand_overs_for(following) == []
    with pytest.raises(RosterRefused, match="不能再改"):
        duty.write_hand_over(ended, note="补充", actor=before)
    assert verbs() == ["hand_over.write", "hand_over.read"]


def test_presence_is_recorded_when_it_changes(here):
    account = here.seat()

    for away in (True, True, False):
        duty.set_presence(away=away, actor=account)

    assert verbs() == ["presence.set", "presence.set"]


# ---- seats ----


def test_a_seat_is_edited_where_its_holder_works(here):
    account = here.seat()
    editor = AccountFactory(grants=[(here.city, None, "seat.edit")])
    stranger = AccountFactory(grants=[(RegionFactory(code="370200"), None, "seat.edit")])
    given = {
        "extension": "8888",
        "address": "sip:8888@10.0.0.9:5060",
        "skills": ["law", "general"],
        "active": True,
    }

    with pytest.raises(NotAllowed):
        seats.save_seat(account, **given, actor=stranger)
    seat = seats.save_seat(account, **given, actor=editor)

    assert (seat.extension, seat.skills) == ("8888", ["general", "law"])
    assert Record.objects.get().before["extension"] != "8888"


def test_a_seat_that_can_not_be_dialled_is_refused_field_by_field(here):
    editor = AccountFactory(grants=[(here.province, None, "seat.edit")])

    with pytest.raises(Invalid) as refused:
        seats.save_seat(
            AccountFactory(),
            extension="8a",
            address="sip:8001@x>;evil",
            skills=["?"],
            active=True,
            actor=editor,
        )

    assert set(refused.value.data["fields"]) == {"extension", "address", "skills"}
    assert not Seat.objects.exists()


# ---- alarms and simulation ----


def test_every_hole_has_one_alarm_until_it_is_closed(here):
    now = timezone.now()
    far = here.seat(here.province)

    opened = alarms.watch(now)
    again = alarms.watch(now + timedelta(minutes=5))

    assert [(a.region_id, a.whole, a.ends_at - a.starts_at) for a in opened] == [
        ("370000", True, queries.HORIZON)
    ]
    assert again == []
    for day in range(31):
        start = now + timedelta(days=day)
        shift(far, here.province, start, start + timedelta(days=1))
    assert alarms.watch(now + timedelta(minutes=10)) == []
    assert Alarm.objects.get().closed_at == now + timedelta(minutes=10)
    assert verbs() == ["roster.alarm", "roster.all_clear"]


def test_an_alarm_names_those_who_can_fill_the_hole(here):
    AccountFactory(grants=[(RegionFactory(code="370200"), None, "roster.edit")])
    chief = AccountFactory(grants=[(here.province, None, "roster.edit")])
    now = timezone.now()
    for region in (here.province,):
        shift(here.seat(region), region, now + timedelta(hours=2), now + timedelta(hours=3))

    first, *_ = alarms.watch(now)

    assert (first.region_id, first.told) == ("370000", [chief.pk])


def test_those_who_can_fill_a_hole_are_told_of_it_at_once_and_once(here):
    chief = AccountFactory(grants=[(here.province, None, "roster.edit")])
    now = datetime(2099, 1, 4, 3, tzinfo=ZONE)
    for dates in ({"starts_on": date(2099, 1, 5)}, {"ends_on": date(2099, 1, 4)}):
        AccountFactory(grants=[(here.province, None, "roster.edit")]).grants.update(**dates)
    here.planner.grants.all().delete()

    with time_machine.travel(now):
        alarms.watch(now)
        alarms.watch(now + timedelta(minutes=5))

    [notice] = Message.objects.all()
    assert (notice.account_id, notice.subject_type, notice.shown_at) == (chief.pk, "rosters.alarm", now)
    assert (
        notice.text
        == f"{here.province}自 2099-01-04 03:00 至 2099-02-03 03:00 没有“通用”坐席值班，请立即安排。"
    )
    assert url_of(notice) == "/console/rosters/coverage/"


def test_a_simulation_cuts_what_is_left_of_a_shift_after_the_changes_before_it(here):
    now = timezone.now()
    window = Span(now, now + timedelta(days=1))
    account, other = here.seat(here.city), here.seat(here.city)
    shift(account, here.city, now - timedelta(hours=2), now + timedelta(hours=8))
    shift(other, here.city, now + timedelta(hours=8), now + timedelta(hours=16))
    early, first, second, third = (
        Change(account.pk, now + timedelta(hours=start), now + timedelta(hours=end))
        for start, end in ((-3, -1), (-1, 1), (0, 2), (6, 24 * 40))
    )
    added = Change(account.pk, now + timedelta(hours=16), now + timedelta(hours=20), "370102", "general")

    found = queries.simulate([early, first, second, added, third], window)

    assert found.opened == [
        Hole(code, "general", now + timedelta(hours=start), now + timedelta(hours=end))
        for code in ("370100", "370102")
        for start, end in ((0, 2), (6, 8))
    ]
    assert found.closed == []


def test_a_simulation_tells_the_difference_and_saves_nothing(here):
    now = timezone.now()
    window = Span(now, now + timedelta(days=1))
    account = here.seat(here.city)
    shift(account, here.city, now, now + timedelta(hours=8))
    changes = [
        Change(account.pk, now + timedelta(hours=4), now + timedelta(hours=8)),
        Change(account.pk, now + timedelta(hours=10), now + timedelta(hours=12), "370102", "general"),
    ]

    found = queries.simulate(changes, window)

    assert found.opened == [
        Hole(code, "general", now + timedelta(hours=4), now + timedelta(hours=8))
        for code in ("370100", "370102")
    ]
    assert found.closed == [Hole("370102", "general", now + timedelta(hours=10), now + timedelta(hours=12))]
    assert (len(spans()), verbs()) == (1, [])
