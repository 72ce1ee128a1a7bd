"""The sheet of organisations: found by code or name, changed where the row says something, taken back as they were."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from tests.foundation.test_sheets_files import csv_bytes
from yanzhen.foundation import tasks
from yanzhen.foundation.models import Account, Batch, Organisation
from yanzhen.foundation.records import history
from yanzhen.foundation.sheets import ORGANISATIONS, UndoRefused, confirm, problems_of, submit, undo

pytestmark = pytest.mark.django_db

LABELS = {column.name: column.label for column in ORGANISATIONS.columns}
USCC, OTHER_USCC = "91110000600037341L", "911100001011345677"
GOOD = {"name": "甲公司", "region": "370102", "line": "union", "kind": "enterprise"}


@pytest.fixture
def sender() -> Account:
    city = RegionFactory(code="370100", level="city")
    RegionFactory(code="370102", name="历下区")
    RegionFactory(code="370103", name="市中区")
    LineFactory(code="union", name="工会")
    return AccountFactory(grants=[(city, None, "organisation.edit sheet.import sheet.undo")])


def checked(sender: Account, *given: dict[str, Any]) -> Batch:
    """A checked batch of rows that are GOOD but for what is given."""
    rows = [{**GOOD, **each} for each in given]
    names = [name for name in LABELS if any(name in row for row in rows)]
    table = [[LABELS[name] for name in names], *([row.get(name, "") for name in names] for row in rows)]
    batch = submit(ORGANISATIONS, ContentFile(csv_bytes(table, "utf-8"), "a.csv"), actor=sender)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    return batch


def applied(sender: Account, *given: dict[str, Any]) -> Batch:
    batch = checked(sender, *given)
    assert batch.bad == 0, list(problems_of(batch).values_list("problems", flat=True))
    tasks.apply_batch(confirm(batch, actor=sender).pk)
    batch.refresh_from_db()
    assert batch.state == "applied", batch.problem
    return batch


def problems(batch: Batch) -> list[list[str]]:
    return list(batch.lines.order_by("number").values_list("problems", flat=True))


def known(**changed: Any) -> Organisation:
    values = {
        "name": "甲公司", "region": RegionFactory(code="370102"), "line": LineFactory(code="union"),
        "kind": "enterprise", "headcount": 10, "industry": "C34", "aliases": ["甲"],
    }  # fmt: skip
    return OrganisationFactory(**values | changed)


def test_a_new_unit_is_registered_with_all_that_the_row_says(sender):
    applied(sender, {"uscc": USCC, "ownership": "民营", "headcount": 120, "industry": "C3411"})

    unit = Organisation.objects.get()
    assert (unit.name, unit.region_id, unit.line_id, unit.kind, unit.uscc, unit.ownership, unit.headcount) == (
        "甲公司", "370102", "union", "enterprise", USCC, "private", 120,
    )  # fmt: skip
    assert (unit.industry, unit.aliases) == ("C3411", [])


def test_a_unit_is_found_by_its_code_whatever_its_name(sender):
    unit = known(uscc=USCC, name="旧名")

    applied(sender, {"uscc": USCC, "region": "370103", "headcount": 12})

    unit.refresh_from_db()
    assert (unit.name, unit.region_id, unit.headcount, Organisation.objects.count()) == (
        "甲公司",
        "370103",
        12,
        1,
    )


def test_a_unit_without_a_code_is_found_by_its_name_in_its_region_and_gets_its_code(sender):
    unit, elsewhere = known(), known(region=RegionFactory(code="370103"))

    applied(sender, {"uscc": USCC})

    unit.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (unit.uscc, elsewhere.uscc) == (USCC, None)


def test_a_blank_cell_changes_nothing_and_a_change_is_on_record_with_before_and_after(sender):
    unit = known(uscc=USCC)

    batch = applied(sender, {"headcount": 12})

    unit.refresh_from_db()
    assert (unit.headcount, unit.industry, unit.uscc, unit.aliases) == (12, "C34", USCC, ["甲"])
    [line] = history(unit)
    assert (line.verb, line.before, line.after) == ("organisation.save", {"headcount": 10}, {"headcount": 12})
    assert batch.lines.get().before == {"headcount": 10}


def test_a_unit_that_a_row_renames_goes_on_being_known_by_its_former_name(sender):
    unit = known(uscc=USCC)
    former = unit.name

    applied(sender, {"uscc": USCC, "name": "改名后的单位"})

    unit.refresh_from_db()
    assert (unit.name, unit.aliases) == ("改名后的单位", ["甲", former])


def test_a_row_that_changes_nothing_writes_nothing(sender):
    unit = known()

    batch = applied(sender, {"headcount": 10})

    assert not history(unit).exists()
    assert (batch.lines.get().target_id, batch.lines.get().before) == (unit.pk, {})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([{"headcount": -1}], ["职工人数：不能是负数"]),
        ([{"uscc": USCC}, {"name": "乙", "uscc": USCC}], ["统一社会信用代码：同一文件中有相同的代码"] * 2),
        ([{}, {}], ["单位名称：同一文件中该区划有同名单位"] * 2),
        ([{"industry": "C34111"}], ["行业代码：最多 5 个字，现为 6 个字"]),
    ],
)
def test_rows_that_can_not_stand_are_named(sender, given, words):
    assert [found[0] for found in problems(checked(sender, *given))] == words


def test_a_name_that_a_unit_of_another_code_has_is_not_taken_over(sender):
    known(uscc=OTHER_USCC)

    assert problems(checked(sender, {"uscc": USCC})) == [
        ["单位名称：该区划已有同名单位，其统一社会信用代码与本行不同，请核对"]
    ]


def test_two_rows_for_one_unit_are_refused_both(sender):
    known(uscc=USCC, name="旧名")

    found = problems(checked(sender, {"uscc": USCC, "name": "新名"}, {"name": "旧名"}))

    assert found == [["单位名称：与同一文件中的另一行对应到同一个单位"]] * 2


def test_a_unit_that_lies_beyond_the_senders_reach_is_not_fetched_by_its_code(sender):
    unit = known(uscc=USCC, region=RegionFactory(code="370202"))

    assert problems(checked(sender, {"uscc": USCC})) == [
        ["单位名称：该单位现在的区划或条线不在您的权限范围内"]
    ]
    assert not history(unit).exists()


def test_an_undo_puts_back_what_was_and_removes_what_was_new(sender):
    unit = known(uscc=USCC)
    batch = applied(sender, {"uscc": USCC, "name": "新名", "headcount": 12}, {"name": "新单位"})
    new = Organisation.objects.get(name="新单位")

    undo(batch, actor=sender, reason="发错了")

    unit.refresh_from_db()
    assert (unit.name, unit.headcount, Organisation.objects.count()) == ("甲公司", 10, 1)
    taken_back = history(unit).last()
    assert (taken_back.verb, taken_back.before, taken_back.after) == (
        "sheet.undo",
        {"name": "新名", "headcount": 12},
        {"name": "甲公司", "headcount": 10},
    )
    gone = history(("foundation.organisation", new.pk)).last()
    assert (gone.verb, gone.before, gone.reason) == (
        "sheet.undo",
        {"name": "新单位", "uscc": None},
        f"撤销导入批次 {batch.pk}：发错了",
    )


def test_an_undo_is_refused_where_a_new_unit_is_in_use(sender):
    batch = applied(sender, {"name": "甲"}, {"name": "乙"})
    AccountFactory(organisation=Organisation.objects.get(name="乙"))

    with pytest.raises(UndoRefused, match="乙（已有账号）"):
        undo(batch, actor=sender, reason="发错了")

    assert Organisation.objects.count() == 2


@pytest.mark.parametrize("name", ["旧单位", "新单位"])
def test_an_undo_is_refused_where_a_unit_was_edited_since(sender, name):
    known(name="旧单位")
    batch = applied(sender, {"name": "旧单位", "headcount": 12}, {"name": "新单位", "headcount": 5})
    Organisation.objects.filter(name=name).update(headcount=99)

    with pytest.raises(UndoRefused, match=f"{name}（导入后又有修改）"):
        undo(batch, actor=sender, reason="发错了")

    assert Organisation.objects.count() == 2


def test_a_column_that_the_batch_did_not_touch_may_change_in_between(sender):
    unit = known()
    batch = applied(sender, {"headcount": 12})
    Organisation.objects.filter(pk=unit.pk).update(industry="A01")

    undo(batch, actor=sender, reason="发错了")

    unit.refresh_from_db()
    assert (unit.headcount, unit.industry) == (10, "A01")
