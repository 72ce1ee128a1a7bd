"""The sheet of shifts: the same rules as the pages, an overlap told by name, and the way back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile

from tests.factories import AccountFactory
from tests.foundation.test_sheets_files import csv_bytes
from tests.rosters import Place, moment, place, shift
from yanzhen.domains.hotline.rosters.actions.swaps import offer_swap
from yanzhen.domains.hotline.rosters.models import Shift
from yanzhen.domains.hotline.rosters.sheets import ROSTER
from yanzhen.foundation import crypto, tasks
from yanzhen.foundation.models import Account, Batch, Record
from yanzhen.foundation.sheets import UndoRefused, confirm, problems_of, submit, undo

LABELS = {column.name: column.label for column in ROSTER.columns}
GOOD = {
    "region": "370102",
    "skill": "general",
    "starts_at": "2099-01-05 08:00",
    "ends_at": "2099-01-05 16:00",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Place:
    crypto.begin()
    return place()


@pytest.fixture
def clerk(here: Place) -> Account:
    return AccountFactory(grants=[(here.city, None, "roster.edit roster.view sheet.import sheet.undo")])


def checked(sender: Account, *given: dict[str, Any]) -> Batch:
    rows = [{**GOOD, **each} for each in given]
    names = [name for name in LABELS if any(name in row for row in rows)]
    table = [[LABELS[name] for name in names], *([row.get(name, "") for name in names] for row in rows)]
    batch = submit(ROSTER, ContentFile(csv_bytes(table, "utf-8"), "排班.csv"), actor=sender)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    return batch


def sent(sender: Account, *given: dict[str, Any]) -> Batch:
    batch = checked(sender, *given)
    tasks.apply_batch(confirm(batch, actor=sender).pk)
    batch.refresh_from_db()
    return batch


def test_each_row_becomes_a_shift_on_record_and_the_batch_is_taken_back_whole(here, clerk):
    one, other = here.seat(), here.seat()

    batch = sent(clerk, {"account": one.username}, {"account": other.name, "kind": "night 夜班"})

    assert batch.state == "applied", batch.problem
    assert sorted(Shift.objects.values_list("account_id", "starts_at", "ends_at", "kind")) == [
        (one.pk, moment(5, 8), moment(5, 16), "day"),
        (other.pk, moment(5, 8), moment(5, 16), "night"),
    ]
    assert Record.objects.filter(verb="shift.plan", reason=f"导入批次 {batch.pk}").count() == 2
    undo(batch, actor=clerk, reason="表格有误")
    assert not Shift.objects.exists()


def test_what_is_wrong_with_a_row_is_said_before_anything_is_planned(here, clerk):
    on_duty, unskilled = here.seat(), here.seat(skill="law")
    shift(on_duty, here.city, moment(5, 12), moment(5, 20))

    batch = checked(
        clerk,
        {"account": on_duty.username},
        {"account": unskilled.username},
        {"account": on_duty.username, "starts_at": "2099-01-06 16:00", "ends_at": "2099-01-06 08:00"},
        {"account": on_duty.username, "starts_at": "2099-01-06 08:00", "ends_at": "2099-01-08 08:00"},
        {"account": on_duty.username, "region": "370000"},
    )

    assert [row.problems[0] for row in problems_of(batch)] == [
        "开始：与此人已排的班次重叠，请改时间、换人，或先取消原班次",
        "值班人：没有启用的坐席，或坐席没有该技能",
        "结束：须晚于开始；跨夜的班次请写次日",
        "结束：一个班次最长 24 小时，请分成几行",
        "行政区划：您在该区划没有“排班”权限",
    ]
    assert Shift.objects.count() == 1


def test_rows_that_overlap_each_other_halt_the_batch_by_name(here, clerk):
    account = here.seat()

    batch = sent(
        clerk,
        {"account": account.username},
        {"account": account.username, "starts_at": "2099-01-05 15:00", "ends_at": "2099-01-05 23:00"},
    )

    assert batch.state == "halted"
    assert batch.problem.startswith(f"{account} 01-05 08:00–16:00 已排在{here.county}（通用，本次）")
    assert not Shift.objects.exists()


def test_a_batch_with_a_shift_that_is_being_swapped_stays(here, clerk):
    giver, taker = here.seat(), here.seat()
    batch = sent(clerk, {"account": giver.username})
    offer_swap(Shift.objects.get(), taker=taker, actor=giver)

    with pytest.raises(UndoRefused, match="有换班"):
        undo(batch, actor=clerk, reason="表格有误")
