"""Workbooks that go out: a template that comes back as it is, failed rows with their reasons, exports that run nothing."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.core.files.base import ContentFile

from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.foundation.test_sheets_files import csv_bytes, xlsx
from yanzhen.foundation import tasks
from yanzhen.foundation.models import Account, Batch, Organisation
from yanzhen.foundation.sheets import (
    ORGANISATIONS,
    confirm,
    failed_workbook,
    problems_of,
    submit,
    template,
    write_rows,
)
from yanzhen.foundation.sheets.precheck import look
from yanzhen.foundation.sheets.workbooks import LONGEST, defused

pytestmark = pytest.mark.django_db

FORMULAS = ["=1+1", "+86", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")']
HEADINGS = [column.label for column in ORGANISATIONS.columns]


@pytest.fixture
def sender() -> Account:
    region = RegionFactory(code="370102", name="历下区")
    LineFactory(code="union", name="工会")
    return AccountFactory(grants=[(region, None, "organisation.edit sheet.import")])


def page_of(content: bytes, name: str | None = None) -> openpyxl.worksheet.worksheet.Worksheet:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return book[name] if name else book.worksheets[0]


def texts(content: bytes) -> list[list[object]]:
    return [[cell.value for cell in row] for row in page_of(content).iter_rows()]


def made_template() -> bytes:
    out = io.BytesIO()
    template(ORGANISATIONS, out)
    return out.getvalue()


def checked(sender: Account, content: bytes, name: str = "单位.xlsx") -> Batch:
    batch = submit(ORGANISATIONS, ContentFile(content, name), actor=sender)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    return batch


def failed(batch: Batch) -> bytes:
    out = io.BytesIO()
    failed_workbook(batch, out)
    return out.getvalue()


def test_a_template_has_the_headings_frozen_and_an_example(sender):
    page = page_of(made_template())

    assert [cell.value for cell in page[1]] == HEADINGS
    assert [cell.value for cell in page[2]] == [column.example or None for column in ORGANISATIONS.columns]
    assert page.freeze_panes == "A2"


def test_a_template_keeps_credit_codes_as_text(sender):
    page = page_of(made_template())

    at = HEADINGS.index("统一社会信用代码")
    letter = openpyxl.utils.get_column_letter(at + 1)
    assert page.column_dimensions[letter].number_format == "@"


def test_a_template_offers_the_choices_from_a_hidden_page(sender):
    content = made_template()
    page, codes = page_of(content), page_of(content, "代码")

    rules = {
        str(rule.sqref): rule.formula1 for rule in page.data_validations.dataValidation if rule.type == "list"
    }
    assert rules["B2:B100001"] == "'代码'!$A$1:$A$1"
    assert rules["D2:D100001"] == "'代码'!$C$1:$C$7"
    assert codes.sheet_state == "hidden"
    assert (codes["A1"].value, codes["C5"].value) == ("370102 历下区", "enterprise 企业")
    assert [cell.value for cell in page_of(content, "填写说明")[5]] == ["列", "填什么", "说明", "示例"]


def test_a_template_filled_in_from_its_drop_downs_is_good_and_its_example_is_no_row(sender):
    book = openpyxl.load_workbook(io.BytesIO(made_template()))
    book.worksheets[0].append(
        ["甲公司", "370102 历下区", "union 工会", "enterprise 企业", "91110000600037341L", None, "民营", 12]
    )
    out = io.BytesIO()
    book.save(out)

    batch = checked(sender, out.getvalue())

    assert (batch.rows, batch.good) == (1, 1)
    assert batch.lines.get().cells == {
        "name": "甲公司", "region": "370102", "line": "union", "kind": "enterprise",
        "uscc": "91110000600037341L", "ownership": "private", "headcount": "12",
    }  # fmt: skip


def test_failed_rows_come_back_under_the_templates_headings_with_all_their_reasons(sender):
    good = ["甲", "370102", "union", "企业"]
    bad = ["", "370199", "union", "企业", "91110000600037341X", None, None, "三"]
    batch = checked(sender, xlsx([HEADINGS, good, bad]))

    assert texts(failed(batch)) == [
        [*HEADINGS, "不合格原因"],
        [
            None, "370199", "union", "企业", "91110000600037341X", None, None, "三",
            "单位名称：必填；行政区划：“370199”不在可选范围内，请填代码或从模板的下拉列表中选择；"
            "统一社会信用代码：统一社会信用代码有误：应为 18 位，请核对校验位；职工人数：应为整数，如 3",
        ],
    ]  # fmt: skip


def test_failed_rows_corrected_in_place_can_be_sent_in_as_they_are(sender):
    batch = checked(
        sender,
        csv_bytes([HEADINGS, ["甲", "370102", "union", "企业"], ["=乙", "历下", "工会", "企业"]], "utf-8"),
    )
    book = openpyxl.load_workbook(io.BytesIO(failed(batch)))
    book.worksheets[0]["B2"] = "370102"
    out = io.BytesIO()
    book.save(out)

    again = checked(sender, out.getvalue())
    tasks.apply_batch(confirm(again, actor=sender).pk)

    assert (again.rows, again.good) == (1, 1)
    assert [o.name for o in Organisation.objects.all()] == ["=乙"]


def test_failed_rows_sent_in_untouched_fail_for_the_same_reasons(sender):
    first = checked(
        sender, csv_bytes([HEADINGS, *([text, "历下", "工会", "企业"] for text in FORMULAS)], "utf-8")
    )

    second = checked(sender, failed(first))

    kept = [[(row.cells, row.problems) for row in problems_of(batch)] for batch in (first, second)]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_export_hands_a_formula_on(text):
    book = io.BytesIO()
    write_rows(book, [text], [[text]])

    cells = list(page_of(book.getvalue()).iter_rows())
    assert [(row[0].data_type, row[0].value[0]) for row in cells] == [("s", "'")] * 2


def test_an_export_keeps_numbers_days_and_long_numbers_for_what_they_are():
    out = io.BytesIO()
    moment = datetime(2026, 11, 24, 1, 30, tzinfo=ZoneInfo("UTC"))
    write_rows(
        out,
        ["数", "负数", "日", "时刻", "真", "空", "身份证号"],
        [
            [3, Decimal("-1.5"), date(2026, 11, 24), moment, True, None, "370102199001011234"],
            [10**17, 0, None, None, False, "", ""],
        ],
    )

    assert texts(out.getvalue())[1:] == [
        [3, -1.5, datetime(2026, 11, 24), datetime(2026, 11, 24, 9, 30), "是", None, "370102199001011234"],  # noqa: DTZ001  # as Excel has it
        ["100000000000000000", 0, None, None, "否", None, None],
    ]


def test_a_text_longer_than_a_cell_is_cut_and_says_so():
    assert defused("长" * 40_000) == "长" * (LONGEST - 1) + "…"


def test_rows_are_written_as_they_come():
    out = io.BytesIO()

    def rows():
        yield [1]
        yield [2]

    write_rows(out, ["数"], rows())

    assert texts(out.getvalue()) == [["数"], [1], [2]]


def test_what_goes_out_passes_the_check_of_what_comes_in(sender):
    assert look(made_template()) == "xlsx"
