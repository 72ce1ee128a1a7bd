"""The roster pages: what a planner, an agent, a second person and an administrator see and do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory, RegionFactory
from tests.rosters import Place, moment, place, shift
from yanzhen.domains.hotline.rosters import queries
from yanzhen.domains.hotline.rosters.actions import alarms
from yanzhen.domains.hotline.rosters.models import HandOver, Leave, Presence, Seat, Shift, Swap
from yanzhen.faces.places import forget_regions
from yanzhen.foundation.models import Record

pytestmark = pytest.mark.django_db
PLAN = {"skill": "general", "start": "2099-01-05T08:00", "end": "2099-01-05T16:00", "kind": "day"}


@pytest.fixture
def here() -> Place:
    found = place()
    for low, high in ((found.county, found.city), (found.city, found.province)):
        low.parent = high
        low.save()
    forget_regions()
    return found


def test_a_planner_puts_somebody_on_duty_and_sees_it_in_the_week(here):
    account = here.seat()
    client = browser(here.planner)

    sent = client.post("/console/rosters/plan/", {**PLAN, "region": "370102", "account": account.pk})
    page = text(client.get("/console/rosters/?region=370102&week=2099-01-06"))

    assert (sent.status_code, sent["Location"]) == (303, "/console/rosters/?region=370102")
    assert "08:00–16:00 白班" in page
    assert account.name in page


def test_an_overlap_stays_in_the_form_and_names_the_other_shift(here):
    account = here.seat()
    shift(account, here.city, moment(5, 12), moment(5, 20))

    page = browser(here.planner).post(
        "/console/rosters/plan/", {**PLAN, "region": "370102", "account": account.pk}
    )

    assert page.status_code == 409
    assert f"{account} 01-05 12:00–20:00 已排在{here.city}（通用）" in text(page)


def test_a_holes_button_opens_the_form_filled_in(here):
    page = browser(here.planner).get(
        "/console/rosters/plan/?region=370102&skill=general&start=2099-01-05T08:00&end=2099-01-09T08:00"
    )

    body = page.content.decode()
    assert 'value="2099-01-05T08:00"' in body
    assert 'value="2099-01-06T08:00"' in body  # a shift takes a day at most
    assert '<option value="370102" selected>' in body


def test_a_rotation_and_last_week_are_planned_from_their_pages(here):
    team = [here.seat() for _ in range(3)]
    client = browser(here.planner)
    given = {"region": "370102", "skill": "general", "rotation": "three_weekly", "team": [a.pk for a in team]}

    client.post("/console/rosters/rotation/", {**given, "first": "2099-01-05", "days": 7})
    assert Shift.objects.count() == 21
    client.post("/console/rosters/copy/", {"region": "370102", "onto": "2099-01-14"})
    assert Shift.objects.count() == 42


def test_a_cancelled_shift_shows_its_holes_before(here):
    now = timezone.now()
    account = here.seat()
    row = shift(account, here.county, now + timedelta(hours=2), now + timedelta(hours=4))
    client = browser(here.planner)

    page = text(client.get(f"/console/rosters/shifts/{row.pk}/cancel/"))
    assert "将出现下列空班" in page
    assert str(here.county) in page
    client.post(f"/console/rosters/shifts/{row.pk}/cancel/", {"reason": "调整"})

    assert not Shift.objects.exists()


def test_a_stranger_finds_no_page_to_change_a_roster(here):
    row = shift(here.seat(), here.county, moment(5, 8), moment(5, 16))
    client = browser(AccountFactory(grants=[(RegionFactory(code="370202"), None, "roster.view roster.edit")]))

    assert client.get(f"/console/rosters/shifts/{row.pk}/cancel/").status_code == 404
    assert row.account.name not in text(client.get("/console/rosters/?region=370102&week=2099-01-05"))
    agent = browser(here.seat())
    assert agent.get("/console/rosters/plan/").status_code == 403


def test_coverage_names_each_hole_and_says_when_there_is_none(here):
    now = timezone.now()
    far = here.seat(here.province)
    viewer = browser(AccountFactory(grants=[(here.province, None, "roster.view roster.edit")]))

    page = text(viewer.get("/console/rosters/coverage/"))
    assert f"{here.province}（含下级） 通用" in page
    assert "补班" in page
    for day in range(31):
        shift(far, here.province, now + timedelta(days=day - 0.5), now + timedelta(days=day + 0.5))
    page = text(viewer.get("/console/rosters/coverage/"))

    assert "每一分钟都有人" in page
    assert "本级" in page
    assert "上级" in page


def test_each_hole_is_counted_once_and_has_one_alarm_whatever_the_reader_reaches(here):
    near, other = here.seat(here.city), RegionFactory(code="370200", level="city")
    now = timezone.now()
    for day in range(31):
        shift(near, here.city, now + timedelta(days=day - 0.5), now + timedelta(days=day + 0.5))
    forget_regions()
    alarms.watch(now)

    told = {}
    for region in (here.province, other):
        viewer = browser(AccountFactory(grants=[(region, None, "roster.view roster.edit")]))
        page = text(viewer.get("/console/rosters/coverage/"))
        told[region] = [words for words in ("空班 2 处", "告警 2 条", "同时还有 1 处") if words in page]

    assert list(told.values()) == [["空班 2 处", "告警 2 条", "同时还有 1 处"]] * 2


def test_a_hole_is_offered_to_be_filled_where_the_planner_may_plan_and_to_nobody_else(here):
    offered = {}
    for region in (here.province, here.city):
        viewer = browser(AccountFactory(grants=[(region, None, "roster.view roster.edit")]))
        page = viewer.get("/console/rosters/coverage/").content.decode()
        offered[region.code] = re.findall(r"/console/rosters/plan/\?region=(\d*)", page)

    assert offered == {"370000": ["370000"], "370100": []}


def test_a_planner_fills_the_own_part_of_a_hole_of_many_places(here):
    other = RegionFactory(code="370200", level="city")
    near, now = here.seat(here.city), timezone.now()
    for day in range(31):
        shift(near, here.city, now + timedelta(days=day - 0.5), now + timedelta(days=day + 0.5))
    forget_regions()
    viewer = browser(AccountFactory(grants=[(other, None, "roster.view roster.edit")]))

    page = viewer.get("/console/rosters/coverage/").content.decode()

    assert re.findall(r"/console/rosters/plan/\?region=(\d*)", page) == ["370200"]


def test_who_decides_no_request_is_refused_the_list_of_them(here):
    page = browser(here.planner).get("/console/rosters/requests/")

    assert page.status_code == 403
    assert "审批请假与换班" in text(page)


def test_the_statements_of_the_coverage_page_do_not_grow(here, django_assert_max_num_queries):
    for n in range(30):
        shift(here.seat(), here.county, moment(5, n), moment(5, n + 1))
    client = browser(here.planner)
    client.get("/console/rosters/coverage/")

    with django_assert_max_num_queries(22):
        client.get("/console/rosters/coverage/")


def test_a_simulation_answers_and_saves_nothing(here):
    start = (timezone.localtime() + timedelta(days=2)).replace(hour=8, minute=0, second=0, microsecond=0)
    account = here.seat(here.city)
    shift(account, here.city, start, start + timedelta(hours=8))
    records = Record.objects.count()
    asked = {
        "0-account": account.pk, "0-region": "", "0-skill": "general",
        "0-start": f"{start:%Y-%m-%dT%H:%M}", "0-end": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }  # fmt: skip

    page = text(browser(here.planner).get("/console/rosters/simulation/", asked))

    assert f"{here.city}（含下级） 通用 {start:%m-%d} 08:00–09:00" in page
    assert (Shift.objects.count(), Record.objects.count()) == (1, records)


def test_an_agent_sets_presence_asks_leave_and_hands_over(here):
    now = timezone.now()
    account = here.seat()
    row = shift(account, here.county, now - timedelta(hours=1), now + timedelta(hours=1))
    client = browser(account)

    client.post("/console/rosters/mine/presence/", {"away": "1"})
    client.post(f"/console/rosters/mine/shifts/{row.pk}/hand-over/", {"note": "无"})
    start, end = (timezone.localtime(now + timedelta(minutes=m)).strftime("%Y-%m-%dT%H:%M") for m in (10, 30))
    client.post("/console/rosters/mine/leave/", {"start": start, "end": end, "reason": "就医"})

    assert Presence.objects.get().away
    assert HandOver.objects.get().note == "无"
    page = text(client.get("/console/rosters/mine/"))
    assert "暂离" in page
    assert "就医 待批准" in page


def test_a_second_person_sees_the_holes_and_grants(here):
    now = timezone.now()
    account = here.seat()
    shift(account, here.county, now + timedelta(hours=2), now + timedelta(hours=4))
    leave = Leave.objects.create(
        region=here.county, line_id="union", account=account, starts_at=now + timedelta(hours=2),
        ends_at=now + timedelta(hours=3), reason="就医", asked_at=now,
    )  # fmt: skip
    client = browser(here.approver)

    assert "看影响并决定" in text(client.get("/console/rosters/requests/"))
    assert "将出现下列空班" in text(client.get(f"/console/rosters/requests/leave/{leave.pk}/"))
    client.post(f"/console/rosters/requests/leave/{leave.pk}/", {"decision": "yes", "note": ""})

    leave.refresh_from_db()
    assert (leave.status, leave.decided_by) == ("granted", here.approver)
    assert browser(account).get(f"/console/rosters/requests/leave/{leave.pk}/").status_code == 404


def test_a_swap_goes_from_page_to_page(here):
    giver, taker = here.seat(), here.seat()
    row = shift(giver, here.county, moment(5, 8), moment(5, 16))

    browser(giver).post(f"/console/rosters/mine/shifts/{row.pk}/swap/", {"taker": taker.pk})
    swap = Swap.objects.get()
    assert f"{giver} 想把班次换给您" in text(browser(taker).get("/console/rosters/mine/"))
    browser(taker).post(f"/console/rosters/mine/swaps/{swap.pk}/accept/")

    row.refresh_from_db()
    assert row.account == taker
    assert "已换班" in text(browser(giver).get("/console/rosters/mine/"))


def test_a_next_shift_confirms_what_it_was_told(here):
    now = timezone.now()
    before, after = here.seat(), here.seat()
    ended = shift(before, here.county, now - timedelta(hours=8), now)
    shift(after, here.county, now, now + timedelta(hours=8))
    browser(before).post(f"/console/rosters/mine/shifts/{ended.pk}/hand-over/", {"note": "系统已恢复"})
    client = browser(after)

    assert "系统已恢复" in text(client.get("/console/rosters/mine/"))
    client.post(f"/console/rosters/mine/hand-overs/{HandOver.objects.get().pk}/read/")

    assert HandOver.objects.get().read_by == after


def test_an_administrator_gives_a_seat_and_a_viewer_only_looks(here):
    account = AccountFactory(grants=[(here.county, None, "roster.view")])
    editor = AccountFactory(grants=[(here.province, None, "seat.edit")])
    given = {
        "extension": "8123",
        "address": "sip:8123@10.0.0.9:5060",
        "skills": ["general", "law"],
        "active": "on",
    }

    sent = browser(editor).post("/console/rosters/seats/new/", {"account": account.pk, **given})
    assert sent.status_code == 303
    assert Seat.objects.get().skills == ["general", "law"]
    wrong = browser(editor).post(f"/console/rosters/seats/{account.pk}/", {**given, "address": "http://x"})
    assert (wrong.status_code, "写作 sip:8001@10.0.0.5:5060" in text(wrong)) == (422, True)
    viewer = browser(here.planner)
    assert "8123" in text(viewer.get("/console/rosters/seats/"))
    assert viewer.get(f"/console/rosters/seats/{account.pk}/").status_code == 403


def test_an_agent_without_shifts_is_told_so(here):
    page = text(browser(here.seat()).get("/console/rosters/mine/"))

    assert "现在没有班次" in page
    assert queries.mine(here.planner, timezone.now()) == []
