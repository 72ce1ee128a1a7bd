"""A batch's life: sent, checked, confirmed, applied once, undone as a whole, forgotten in the end."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.foundation.test_sheets_files import csv_bytes, raw_xlsx, xlsx
from yanzhen.foundation import tasks
from yanzhen.foundation.attachments import path_of
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Attachment, Batch, Organisation, Record
from yanzhen.foundation.records import history
from yanzhen.foundation.scope import database_scope
from yanzhen.foundation.sheets import (
    ORGANISATIONS,
    SentAlready,
    UndoRefused,
    WrongState,
    batches_of,
    checking,
    confirm,
    discard,
    problems_of,
    running,
    sheets_of,
    submit,
    undo,
)

pytestmark = pytest.mark.django_db

HEADINGS = ["单位名称", "行政区划", "条线", "类别", "职工人数"]
RIGHTS = "organisation.edit sheet.import sheet.undo"


@pytest.fixture
def sender() -> Account:
    """Somebody in charge of organisations in Jinan."""
    jinan = RegionFactory(code="370100", level="city", name="济南市")
    RegionFactory(code="370102", name="历下区", parent=jinan)
    RegionFactory(code="370202", name="市南区")
    LineFactory(code="union", name="工会")
    return AccountFactory(grants=[(jinan, None, RIGHTS)])


def rows(count: int, **changed: Any) -> list[list[object]]:
    """`count` good rows; `changed` are cells of the second of them, by heading."""
    found = [[f"单位{n}", "370102 历下区", "工会", "企业", n] for n in range(1, count + 1)]
    for label, cell in changed.items():
        found[1][HEADINGS.index(label)] = cell
    return found


def sent(sender: Account, given: list[list[object]]) -> Batch:
    """CSV, because the same rows are the same bytes there: a workbook has the time in it."""
    file = ContentFile(csv_bytes([HEADINGS, *given], "utf-8-sig"), "单位.csv")
    return submit(ORGANISATIONS, file, actor=sender)


def checked(sender: Account, given: list[list[object]]) -> Batch:
    batch = sent(sender, given)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    return batch


def applied(sender: Account, given: list[list[object]]) -> Batch:
    batch = confirm(checked(sender, given), actor=sender)
    tasks.apply_batch(batch.pk)
    batch.refresh_from_db()
    return batch


def queued() -> list[tuple[str, dict[str, int]]]:
    with connection.cursor() as cursor:
        cursor.execute("select task_name, args from procrastinate_jobs where status = 'todo' order by id")
        return [(name.rpartition(".")[2], json.loads(args)) for name, args in cursor.fetchall()]


def test_a_file_that_was_sent_is_kept_recorded_and_queued_and_nothing_else_happens(sender):
    batch = sent(sender, rows(3))

    assert (batch.state, batch.region_id, batch.name) == (Batch.State.QUEUED, "370100", "单位.csv")
    assert (batch.file.sha256, batch.file.subject_id) == (batch.sha256, str(batch.pk))
    assert [(r.verb, r.actor_id) for r in history(batch)] == [("sheet.submit", sender.pk)]
    assert queued() == [("check_batch", {"batch_id": batch.pk})]
    assert not Organisation.objects.exists()


def test_a_check_counts_and_writes_nothing(sender):
    batch = checked(sender, rows(3, 职工人数="三"))

    assert (batch.state, batch.rows, batch.done, batch.good, batch.bad) == ("checked", 3, 3, 2, 1)
    assert [(r.number, r.problems) for r in problems_of(batch)] == [(3, ["职工人数：应为整数，如 3"])]
    assert history(batch).last().after == {
        "sheet": "foundation.organisations", "rows": 3, "good": 2, "bad": 1,
    }  # fmt: skip
    assert not Organisation.objects.exists()


def test_what_was_confirmed_is_applied_and_recorded(sender):
    batch = applied(sender, rows(3, 职工人数="三"))

    assert (batch.state, batch.done) == ("applied", 2)
    assert batch.finished_at is not None
    made = list(Organisation.objects.order_by("name"))
    assert [(o.name, o.headcount) for o in made] == [("单位1", 1), ("单位3", 3)]
    assert list(batch.lines.order_by("number").values_list("target_id", flat=True)) == [
        made[0].pk,
        None,
        made[1].pk,
    ]
    assert [r.verb for r in history(batch)] == ["sheet.submit", "sheet.check", "sheet.confirm", "sheet.apply"]
    assert [(r.verb, r.actor_id, r.reason) for r in history(made[0])] == [
        ("organisation.save", sender.pk, f"导入批次 {batch.pk}")
    ]


def test_a_file_that_can_not_be_read_fails_with_a_sentence(sender):
    batch = sent(sender, rows(1))
    with default_storage.open(path_of(batch.file), "wb") as file:
        file.write(xlsx([["单位名称", "工资"], ["甲", 1]]))

    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == "failed"
    assert batch.problem == "缺少列：行政区划、条线、类别；不认识的列：工资。请对照模板的表头修改"
    assert not batch.lines.exists()
    assert history(batch).last().reason == ""


def test_what_is_no_sheet_is_refused_and_leaves_nothing(sender):
    with pytest.raises(Invalid, match="不是表格文件"):
        submit(ORGANISATIONS, ContentFile(b"%PDF-1.7", "单位.xlsx"), actor=sender)

    assert (Batch.objects.count(), Attachment.objects.count(), queued()) == (0, 0, [])


def test_a_hostile_file_is_refused_before_it_is_kept(sender):
    far = raw_xlsx('<worksheet><sheetData><row><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>')

    with pytest.raises(Invalid, match="16,384 列"):
        submit(ORGANISATIONS, ContentFile(far, "单位.xlsx"), actor=sender)

    assert (Batch.objects.count(), Attachment.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("rights", "missing"), [("organisation.edit", "导入表格"), ("sheet.import case.view", "维护单位")]
)
def test_to_send_a_sheet_takes_the_import_and_the_sheets_own_right(sender, rights, missing):
    other = AccountFactory(grants=[(RegionFactory(code="370100"), None, rights)])

    with pytest.raises(NotAllowed, match=f"您没有“{missing}”权限，不能导入“单位导入”"):
        sent(other, rows(1))
    assert sheets_of(other) == []
    assert ORGANISATIONS in sheets_of(sender)


def test_rows_beyond_the_senders_reach_are_not_applied(sender):
    batch = applied(sender, rows(3, 行政区划="370202"))

    assert [(r.number, r.problems) for r in problems_of(batch)] == [
        (3, ["行政区划：您在该区划和条线没有“维护单位”权限"])
    ]
    assert set(Organisation.objects.values_list("region_id", flat=True)) == {"370102"}


def test_a_right_that_ended_after_the_check_counts_no_more(sender):
    batch = confirm(checked(sender, rows(3)), actor=sender)
    sender.grants.update(ends_on=timezone.localdate())

    tasks.apply_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, batch.done, batch.good, batch.bad) == ("applied", 0, 0, 3)
    assert not Organisation.objects.exists()


def test_the_same_file_is_not_imported_twice_unless_it_was_undone(sender):
    first = applied(sender, rows(2))

    with pytest.raises(SentAlready, match=f"作为批次 {first.pk} 导入") as refused:
        sent(sender, rows(2))
    undo(first, actor=sender, reason="发错了")

    assert refused.value.data == {"batch": first.pk}
    assert applied(sender, rows(2)).state == "applied"


def test_of_two_batches_of_one_file_the_second_is_not_confirmed(sender):
    content = xlsx([HEADINGS, *rows(2)])
    first, second = (submit(ORGANISATIONS, ContentFile(content, "a.xlsx"), actor=sender) for _ in range(2))
    for batch in (first, second):
        tasks.check_batch(batch.pk)
    confirm(first, actor=sender)

    with pytest.raises(SentAlready):
        confirm(second, actor=sender)


def test_only_the_sender_confirms(sender):
    colleague = AccountFactory(grants=[(RegionFactory(code="370100"), None, RIGHTS)])

    with pytest.raises(NotAllowed, match="提交人本人"):
        confirm(checked(sender, rows(2)), actor=colleague)


def test_a_batch_without_a_good_row_is_not_confirmed(sender):
    batch = checked(sender, [["甲", "370102", "工会", "企业", "三"]])

    with pytest.raises(WrongState, match="没有合格的行"):
        confirm(batch, actor=sender)


@pytest.mark.parametrize("step", [lambda b, a: confirm(b, actor=a), lambda b, a: discard(b, actor=a)])
def test_a_step_is_made_where_it_begins_and_once(sender, step):
    batch = applied(sender, rows(2))

    with pytest.raises(WrongState, match="现为“已导入”"):
        step(batch, sender)


def test_a_discarded_batch_is_over(sender):
    batch = discard(checked(sender, rows(2)), actor=sender)

    assert (batch.state, history(batch).last().verb) == ("discarded", "sheet.discard")
    with pytest.raises(WrongState):
        confirm(batch, actor=sender)


def test_a_batch_is_applied_once_however_often_the_job_runs(sender):
    batch = applied(sender, rows(5))
    for _ in range(2):
        tasks.apply_batch(batch.pk)
        tasks.check_batch(batch.pk)

    assert Organisation.objects.count() == 5
    assert Record.objects.filter(verb="organisation.save").count() == 5
    assert Record.objects.filter(verb="sheet.apply").count() == 1


class Break(Exception):
    """Something that nobody foresaw."""


def test_an_import_that_broke_in_the_middle_goes_on_where_it_stopped(sender, monkeypatch):
    monkeypatch.setattr(checking, "CHUNK", 2)
    batch = confirm(checked(sender, rows(7)), actor=sender)

    def break_at(done: int, _whole: int) -> None:
        if done == 4:
            raise Break

    with pytest.raises(Break):
        running.apply(batch.pk, break_at)
    batch.refresh_from_db()
    assert (batch.state, batch.done, Organisation.objects.count()) == ("applying", 4, 4)

    tasks.apply_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, batch.done, Organisation.objects.count()) == ("applied", 7, 7)
    assert Record.objects.filter(verb="organisation.save").count() == 7


def test_a_chunk_that_breaks_leaves_nothing_of_itself(sender, monkeypatch):
    monkeypatch.setattr(checking, "CHUNK", 2)
    batch = confirm(checked(sender, rows(4)), actor=sender)
    note = running._note

    def break_at_the_third(sheet, lines):
        if lines[0].number == 4:
            raise Break
        note(sheet, lines)

    monkeypatch.setattr(running, "_note", break_at_the_third)
    with pytest.raises(Break):
        running.apply(batch.pk)

    batch.refresh_from_db()
    assert (batch.done, Organisation.objects.count()) == (2, 2)
    assert batch.lines.exclude(target_id=None).count() == 2


def test_a_refusal_halts_the_import_which_can_go_on_or_be_undone(sender, monkeypatch):
    monkeypatch.setattr(checking, "CHUNK", 2)
    batch = confirm(checked(sender, rows(4)), actor=sender)
    note = running._note

    def refuse_the_third(sheet, lines):
        if lines[0].number == 4:
            raise Refusal("缺少参数“受理时限”")
        note(sheet, lines)

    with monkeypatch.context() as patch:
        patch.setattr(running, "_note", refuse_the_third)
        tasks.apply_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.done, batch.problem) == ("halted", 2, "缺少参数“受理时限”")

    tasks.apply_batch(confirm(batch, actor=sender).pk)

    batch.refresh_from_db()
    assert (batch.state, batch.done, batch.problem, Organisation.objects.count()) == ("applied", 4, "", 4)


def test_a_halted_batch_is_undone_as_far_as_it_went(sender):
    batch = applied(sender, rows(3))
    Batch.objects.filter(pk=batch.pk).update(state="halted")

    assert undo(batch, actor=sender, reason="不要了").state == "undone"
    assert not Organisation.objects.exists()


def test_a_check_that_was_killed_begins_anew(sender):
    batch = sent(sender, rows(3))
    Batch.objects.filter(pk=batch.pk).update(state="reading", done=1)
    batch.lines.create(number=9, cells={"name": "半截"})

    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, batch.rows, batch.good) == ("checked", 3, 3)


def test_of_two_checks_that_meet_one_gives_up(sender, monkeypatch):
    monkeypatch.setattr("yanzhen.foundation.sheets.reading.STAGE", 2)
    batch = sent(sender, rows(6))
    met = []

    def meet(done: int, _about: int) -> None:
        if not met:
            met.append(done)
            running.check(batch.pk)

    running.check(batch.pk, meet)

    batch.refresh_from_db()
    assert (batch.state, batch.rows, batch.done) == ("checked", 6, 6)
    assert Record.objects.filter(verb="sheet.check").count() == 1


def test_an_undo_takes_a_reason_and_the_right_over_every_row(sender):
    batch = applied(sender, rows(2))
    county = AccountFactory(grants=[(RegionFactory(code="370103"), None, RIGHTS)])
    city = AccountFactory(grants=[(RegionFactory(code="370100"), None, "sheet.import organisation.edit")])

    for account in (county, city):
        with pytest.raises(NotAllowed, match="每一行"):
            undo(batch, actor=account, reason="不要了")
    with pytest.raises(UndoRefused, match="须说明理由"):
        undo(batch, actor=sender, reason=" ")

    assert Organisation.objects.count() == 2


def test_an_undo_sees_what_stands_in_its_way_even_beyond_the_actors_reach(sender):
    batch = applied(sender, rows(2))

    with database_scope(sender.audience_keys()):
        undo(batch, actor=sender, reason="发错了")

    assert (Organisation.objects.count(), history(batch).last().reason) == (0, "发错了")


def test_batches_are_seen_where_they_belong(sender):
    batch = sent(sender, rows(1))
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370200"), None, RIGHTS)])
    court = AccountFactory(grants=[(RegionFactory(code="370100"), LineFactory(code="court"), RIGHTS)])

    assert [list(batches_of(account)) for account in (sender, elsewhere, court)] == [[batch], [], []]


def test_a_batch_is_seen_and_undone_with_the_sheets_own_right_as_well(sender):
    batch = applied(sender, rows(2))
    jinan = batch.region
    importer, clerk = (AccountFactory(grants=[(jinan, None, rights)]) for rights in (
        "sheet.import sheet.undo person.edit", RIGHTS,
    ))  # fmt: skip

    with pytest.raises(NotAllowed, match="维护单位"):
        undo(batch, actor=importer, reason="不要了")
    seen = [list(batches_of(account)) for account in (importer, clerk)]
    undo(batch, actor=clerk, reason="发错了")

    assert seen == [[], [batch]]
    assert not Organisation.objects.exists()


def test_a_sender_whose_own_right_is_narrower_than_the_import_sees_the_batch(sender):
    narrow = AccountFactory(
        grants=[
            (RegionFactory(code="370100"), None, "sheet.import"),
            (RegionFactory(code="370102"), None, "organisation.edit"),
        ]
    )

    batch = sent(narrow, rows(1))

    assert list(batches_of(narrow)) == [batch]


def test_a_month_after_its_end_rows_and_file_are_gone_and_the_batch_stays(
    sender, django_capture_on_commit_callbacks
):
    batch, fresh = applied(sender, rows(2)), applied(sender, rows(3, 单位名称="新单位"))
    path = path_of(batch.file)
    Batch.objects.filter(pk=batch.pk).update(finished_at=timezone.now() - timedelta(days=31))

    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep_batches()

    batch.refresh_from_db()
    assert (batch.state, batch.file, batch.name, batch.lines.count()) == ("applied", None, "单位.csv", 0)
    assert not default_storage.exists(path)
    assert fresh.lines.count() == 3
    with pytest.raises(UndoRefused, match="超过 30 天"):
        undo(batch, actor=sender, reason="太晚了")
    with pytest.raises(SentAlready):
        sent(sender, rows(2))


@pytest.mark.parametrize(
    ("state", "done", "ended"),
    [
        ("queued", 0, "discarded"),
        ("reading", 1, "discarded"),
        ("checked", 2, "discarded"),
        ("halted", 0, "discarded"),
        ("halted", 1, "applied"),
    ],
)
def test_a_batch_that_was_left_lying_is_ended_after_a_month(sender, state, done, ended):
    batch = checked(sender, rows(2))
    sent_at = timezone.now() - timedelta(days=31)
    Batch.objects.filter(pk=batch.pk).update(state=state, done=done, sent_at=sent_at)

    tasks.sweep_batches()

    batch.refresh_from_db()
    assert (batch.state, batch.lines.count(), batch.file) == (ended, 0, None)


def test_the_statements_of_a_chunk_do_not_grow_with_its_rows(sender, django_assert_max_num_queries):
    used = []
    for count in (150, 400):
        given = [[f"批{count}单位{n}", "370102", "工会", "企业", n] for n in range(count)]
        batch = confirm(checked(sender, given), actor=sender)
        with django_assert_max_num_queries(40) as captured:
            running.apply(batch.pk)
        used.append(len(captured))

    assert used[0] == used[1]


def test_the_reading_of_a_file_is_on_record(sender):
    batch = checked(sender, rows(1))

    assert [(r.verb, r.actor_id) for r in history(batch.file)] == [
        ("attachment.add", sender.pk),
        ("attachment.read", sender.pk),
    ]


def test_a_large_file_is_refused_by_its_size(sender, monkeypatch):
    monkeypatch.setattr("yanzhen.foundation.sheets.batches.LARGEST", 1000)

    with pytest.raises(Invalid, match="请拆分后分次导入"):
        sent(sender, rows(50))


def test_a_workbook_saved_by_openpyxl_reads_the_same_numbers(sender):
    book = openpyxl.Workbook()
    for row in [HEADINGS, *rows(1)]:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)

    batch = submit(ORGANISATIONS, ContentFile(out.getvalue(), "b.xlsx"), actor=sender)
    tasks.check_batch(batch.pk)

    assert batch.lines.get().cells["headcount"] == "1"
