"""Everything that came in became a case, or is named: each kind of loss is made here and found, and no other."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.calls import Board
from tests.domains.test_hotline_sheets import checked
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.hotline import County, county
from yanzhen.domains.hotline.calls.actions import end_with_reason, tie_case
from yanzhen.domains.hotline.calls.models import Call, CallBack
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.reconciliation import actions, declare, queries
from yanzhen.domains.hotline.reconciliation.actions import catch_up, reconcile
from yanzhen.domains.hotline.reconciliation.declare import SOURCES, Count, Difference, Source
from yanzhen.domains.hotline.reconciliation.models import Report
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.faces.filing import file_appeal
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Batch, Record, Replay, Series
from yanzhen.foundation.outbox.models import Message
from yanzhen.foundation.sheets import confirm, running, undo

pytestmark = pytest.mark.django_db

RIGHTS = "case.view case.register case.accept case.reveal sheet.import sheet.undo"
CODES = ["web", "api", "sheets", "numbers", "records", "calls"]


@pytest.fixture
def place() -> County:
    return county()


@pytest.fixture
def sender(place: County) -> Account:
    return AccountFactory(grants=[(place.region.parent, None, RIGHTS)])


@pytest.fixture
def keeper(place: County) -> Account:
    return AccountFactory(grants=[(place.region.parent.parent, None, "reconciliation.view")])


def filed(place: County, actor: Account | None = None) -> Case:
    """Take an appeal in by the form, or where there is an actor by the API."""
    appeal = Appeal(
        region=place.region.code, body="单位拖欠三个月工资，请求帮助追讨。", name="张某", phone="13800000000"
    )
    channel, who = ("api", f"account:{actor.pk}") if actor else ("web", "portal")
    done = file_appeal(appeal, actor=actor, channel=channel, sender=who, key=uuid.uuid4().hex)
    return Case.objects.get(number=done.number)


def applied(sender: Account, rows: int = 3) -> Batch:
    batch = checked(sender, *({} for _ in range(rows)))
    confirm(batch, actor=sender, foreground=True)
    running.apply(batch.pk)
    batch.refresh_from_db()
    return batch


@pytest.fixture
def day(place: County, sender: Account) -> date:
    """A good day: two by the form, one by the API, three on a sheet, and a sheet that was taken back."""
    for _ in range(2):
        filed(place)
    filed(place, sender)
    undo(applied(sender, rows=2), actor=sender, reason="重复报送")
    applied(sender)
    return timezone.localdate()


def found(day: date) -> dict[str, list[tuple[str, str]]]:
    """Return what each source finds on `day`: (what, which), of those that find anything."""
    by_source = {s.code: [(d.what, d.which) for d in s.differences(day)] for s in SOURCES}
    return {code: differences for code, differences in by_source.items() if differences}


def as_owner(statement: str, *values: object) -> None:
    """Do what no role of the product may: as somebody with the database's own rights and ill will."""
    with connection.cursor() as cursor:
        cursor.execute("reset role; set session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute(f"set session_replication_role = origin; set role {settings.WEB_ROLE}")


def lose(case: Case) -> None:
    as_owner("delete from hotline_case where id = %s", case.pk)


def without_check(number: str) -> str:
    return number.rpartition("-")[0]


# ---- a good day ----


def test_on_a_good_day_every_source_agrees_and_counts_what_came(day: date):
    assert found(day) == {}
    assert {s.code: s.count(day) for s in SOURCES} == {
        "web": Count(2, 2),
        "api": Count(1, 1),
        "sheets": Count(3, 3),
        "numbers": Count(8, 6, 2),
        "records": Count(8, 6, 2),
        "calls": Count(0, 0, 0),
    }


def test_the_day_before_and_the_day_after_know_nothing_of_it(day: date):
    for other in (day - timedelta(days=1), day + timedelta(days=1)):
        assert found(other) == {}
        assert {s.count(other) for s in SOURCES} == {Count(0, 0), Count(0, 0, 0)}


# ---- every kind of loss ----


def test_a_case_of_the_form_that_is_gone_is_missed_three_times(day: date):
    case = Case.objects.filter(channel="web").first()
    lose(case)

    assert found(day) == {
        "web": [("已答复收件，工单不存在", case.number)],
        "numbers": [("编号已发出，没有工单", without_check(case.number))],
        "records": [("登记在案，工单不存在", f"hotline.case#{case.pk}")],
    }


def test_a_case_of_the_api_that_is_gone_is_named_with_the_senders_key(day: date, sender: Account):
    case = Case.objects.get(channel="api")
    key = Replay.objects.get(answer__number=case.number).key
    lose(case)

    (missed,) = SOURCES["api"].differences(day)
    assert missed == Difference(
        "已答复收件，工单不存在",
        case.number,
        f"接口报送的请求已告知对方编号，系统中却没有这件工单（来自 account:{sender.pk}，幂等键 {key}）",
        "在记录链按编号核查是否被删除；联系提交人重新登记，并查明原因",
        case.region_id,
    )


def test_a_key_of_the_portal_which_opens_a_receipt_is_said_nowhere(day: date):
    case = Case.objects.filter(channel="web").first()
    key = Replay.objects.get(answer__number=case.number).key
    lose(case)

    assert key not in str([s.differences(day) for s in SOURCES])


def test_a_case_that_came_by_no_request_is_named(day: date, place: County):
    case = place.case()

    assert found(day) == {"web": [("有工单，没有收件凭据", case.number)]}


def test_a_case_of_a_sheet_that_is_gone_is_named_by_batch_and_line(day: date):
    case = Case.objects.filter(channel="sheet").order_by("pk").first()
    lose(case)

    assert found(day) == {
        "sheets": [("导入的行没有工单", str(case.batch_id))],
        "numbers": [("编号已发出，没有工单", without_check(case.number))],
        "records": [("登记在案，工单不存在", f"hotline.case#{case.pk}")],
    }
    assert "第 2 行" in SOURCES["sheets"].differences(day)[0].why


def test_a_good_row_that_was_not_applied_is_named_and_so_is_its_case(day: date):
    batch = Batch.objects.get(state="applied")
    row = batch.lines.order_by("number").last()
    case = Case.objects.get(pk=row.target_id)
    as_owner("update foundation_batchrow set target_id = null where id = %s", row.pk)

    assert found(day) == {
        "sheets": [("合格的行没有导入", str(batch.pk)), ("工单不是批次中的行", case.number)]
    }


def test_two_rows_that_point_to_one_case_are_named(day: date):
    batch = Batch.objects.get(state="applied")
    first, second, _third = batch.lines.order_by("number")
    orphan = Case.objects.get(pk=second.target_id)
    as_owner("update foundation_batchrow set target_id = %s where id = %s", first.target_id, second.pk)

    assert found(day) == {
        "sheets": [("工单不是批次中的行", orphan.number), ("几行成了同一件工单", str(batch.pk))]
    }


def test_a_case_that_moved_to_another_batch_is_named_from_both_sides(day: date):
    here, gone = Batch.objects.get(state="applied"), Batch.objects.get(state="undone")
    case = Case.objects.filter(batch=here).order_by("pk").first()
    as_owner("update hotline_case set batch_id = %s where id = %s", gone.pk, case.pk)

    assert found(day) == {"sheets": [("导入的行没有工单", str(here.pk)), ("工单不是批次中的行", case.number)]}


def test_a_batch_that_stopped_in_the_middle_is_named_row_by_row(place: County, sender: Account):
    batch = checked(sender, {}, {})
    confirm(batch, actor=sender, foreground=True)

    assert found(timezone.localdate()) == {"sheets": [("合格的行没有导入", str(batch.pk))] * 2}


def test_a_number_that_nobody_got_and_one_that_nobody_gave_are_named(day: date):
    series = Series.objects.get()
    case = Case.objects.order_by("pk").last()
    Series.objects.update(last=series.last + 1)
    as_owner("update hotline_case set number = %s where id = %s", f"{series.code}-00099-X", case.pk)

    what = [what for what, _ in found(day)["numbers"]]
    assert what == ["编号已发出，没有工单", "编号已发出，没有工单", "工单编号超出已发出的号"]


def test_a_number_of_no_series_is_named(day: date):
    case = Case.objects.filter(channel="sheet").order_by("pk").last()
    as_owner("update hotline_case set number = 'GD999999-20200101-00001-A' where id = %s", case.pk)

    assert found(day)["numbers"] == [
        ("编号已发出，没有工单", without_check(case.number)),
        ("工单编号不属于任何号段", "GD999999-20200101-00001-A"),
    ]


def test_a_case_without_its_record_is_named(day: date):
    case = Case.objects.order_by("pk").first()
    as_owner(
        "delete from foundation_record where subject_type = 'hotline.case' and subject_id = %s", str(case.pk)
    )

    assert found(day) == {"records": [("有工单，没有登记记录", case.number)]}


def test_no_more_than_a_limit_is_read_where_everything_is_lost(day: date, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(declare, "MOST", 2)
    as_owner("delete from hotline_case")

    assert [len(SOURCES[code].differences(day)) for code in ("numbers", "records", "web")] == [3, 3, 2]


# ---- reports ----


def tomorrow(day: date) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(days=1))


def test_a_run_keeps_a_report_of_each_source_and_puts_it_on_record(day: date):
    with tomorrow(day):
        reports = reconcile(day)

    assert [(r.source, r.version, r.found) for r in reports] == [(code, 1, 0) for code in CODES]
    assert Report.objects.count() == Record.objects.filter(verb="reconciliation.run").count() == len(CODES)
    assert not Message.objects.exists()


def test_another_run_adds_a_version_and_leaves_the_former(day: date, keeper: Account):
    case = Case.objects.filter(channel="web").first()
    with tomorrow(day):
        reconcile(day)
        lose(case)
        reconcile(day, actor=keeper)

    web = Report.objects.filter(source="web").order_by("version")
    assert [(r.version, r.found, r.made_by_id) for r in web] == [(1, 0, None), (2, 1, keeper.pk)]
    assert actions.latest_of(day)["web"].version == 2


def test_those_in_charge_are_told_of_new_differences_once(day: date, keeper: Account):
    AccountFactory(grants=[(RegionFactory(code="370102"), None, "reconciliation.view")])
    lose(Case.objects.filter(channel="web").first())
    with tomorrow(day):
        reconcile(day)
        reconcile(day)

    told = Message.objects.order_by("pk")
    assert {m.account_id for m in told} == {keeper.pk}
    assert [m.text for m in told] == [
        f"{day} 的来件对账：“{label}”有 1 处不符，请逐项核实处理。"
        for label in ("网上提交", "编号", "记录链")
    ]


def test_the_nightly_job_makes_up_for_nights_that_were_missed(day: date):
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        first = catch_up()
        again = catch_up()
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        missed = catch_up()

    assert (first, again) == ([day], [])
    assert missed == [
        day + timedelta(days=n) for n in range(4)
    ]  # the first once more: its calls may have been open


def test_calls_that_were_still_open_the_night_after_are_named_a_night_later():
    board = Board()
    evening = timezone.localtime().replace(hour=23, minute=50, second=0) - timedelta(days=1)
    day = evening.date()
    nights = [evening + timedelta(days=n, hours=2, minutes=30) for n in (0, 1, 2)]
    with time_machine.travel(evening):
        board.ring("no hangup", **{"from": "13900000001"})
        board.send("answer", "no hangup", answeringNumber="8001")
        board.missed("to be called back")
        out = {"direction": "out", "from": "053112351", "to": "13900000003"}
        board.answered("by ourselves", **out)
    Report.objects.create(
        day=day - timedelta(days=1), source="calls", version=1, incoming=0, cases=0, found=0
    )
    with time_machine.travel(nights[0]):
        catch_up()
    first = actions.latest_of(day)["calls"]
    with time_machine.travel(nights[1]):
        again = catch_up()
        board.ring("another day")
    second = actions.latest_of(day)["calls"]
    with time_machine.travel(nights[2]):
        catch_up()

    task = CallBack.objects.get()
    assert [d["why"] for d in first.differences] == ["通话结束后既没有工单，也没有原因"]
    assert [d["why"] for d in second.differences] == [
        "通话一直没有结束：没有收到挂断，系统也没有结束它",
        f"来电没有接通，回拨任务 {task.number} 还没有办结",
        "通话结束后既没有工单，也没有原因",
    ]
    assert (day in again, first.version, second.version) == (True, 1, 2)
    assert sorted(actions.latest_of(day)) == sorted(CODES)
    assert (actions.latest_of(day)["calls"].version, actions.latest_of(day)["web"].version) == (2, 1)


def test_the_calls_of_a_day_add_up():
    """Cases, those finished with a reason and those still open are all the calls that came in."""
    board = Board()
    day = timezone.localdate()
    with_case, anonymous, repeated = (board.answered(ref) for ref in ("case", "anonymous", "repeat"))
    tie_case(with_case, board.place.case().number, actor=board.agent)
    Call.objects.filter(pk=repeated.pk).update(outcome="repeat", case=board.place.case())
    Call.objects.filter(pk=anonymous.pk).update(outcome="anonymous")
    for ref in ("asked", "wrong number"):
        end_with_reason(board.answered(ref), "wrong", actor=board.agent)
    board.answered("open")
    board.missed("to be called back", **{"from": "13900000001"})
    board.answered("by ourselves", direction="out", **{"from": "053112351", "to": "13900000003"})

    with tomorrow(day):
        report = next(r for r in reconcile(day) if r.source == "calls")

    assert (report.incoming, report.cases, report.otherwise, report.unfinished) == (7, 3, 2, 2)


@pytest.mark.parametrize("ago", [0, -1, 29, 400])
def test_a_day_that_is_not_over_or_whose_arrivals_are_forgotten_is_refused(ago: int):
    with pytest.raises(Invalid):
        reconcile(timezone.localdate() - timedelta(days=ago))

    assert not Report.objects.exists()


def test_who_has_no_right_has_nothing_compared(place: County, day: date):
    with tomorrow(day), pytest.raises(NotAllowed):
        reconcile(day, actor=place.clerk)


def test_one_declaration_adds_a_source(day: date, monkeypatch: pytest.MonkeyPatch):
    lost = Difference("来电没有工单", "call-1", "通话已接听", "补登记")
    calls = Source("calls", "来电", lambda _: Count(4, 3), lambda _: [lost])
    monkeypatch.setitem(SOURCES._items, "calls", calls)
    with tomorrow(day):
        (*_, report) = reconcile(day)

    assert (report.source, report.incoming, report.cases, report.found) == ("calls", 4, 3, 1)


def test_a_difference_is_seen_by_whose_place_it_is(day: date, place: County, keeper: Account):
    lose(Case.objects.filter(channel="web").first())
    with tomorrow(day):
        reconcile(day)

    def seen(*grant: object) -> list[int]:
        account = AccountFactory(grants=[(*grant, "reconciliation.view")])
        return [s.found for s in queries.reports(account, since=day) if s.report.source == "web"]

    city = place.region.parent
    assert (
        seen(place.region.parent.parent, None) == seen(city, None) == seen(place.region, LineFactory()) == [1]
    )
    assert seen(RegionFactory(code="370202"), None) == seen(city, LineFactory(code="court")) == [0]
    assert queries.reports(place.clerk, since=day) == []


def test_a_run_costs_the_same_statements_however_much_came_in(day: date, place: County):
    costs = []
    for _ in range(2):
        with tomorrow(day), CaptureQueriesContext(connection) as asked:
            reconcile(day)
        costs.append(len(asked))
        for _ in range(10):
            filed(place)

    assert abs(costs[1] - costs[0]) <= 8  # the look-ups by which the day's first record is found
