"""Workbooks that go out: the template, the failed rows with their reasons, and plain exports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.utils import timezone
from xlsxwriter.utility import xl_col_to_name

from yanzhen.foundation.models import Batch
from yanzhen.foundation.sheets.declare import AS_TEXT, REASONS, SHEETS, Column, Kind, Sheet
from yanzhen.foundation.sheets.reader import EXACT, MOST_ROWS

OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""What a text may begin with that a spreadsheet would run as a formula (OWASP, CSV injection)."""
LONGEST = 32_767
"""Characters that a cell of Excel holds."""
WIDTH = 18
PAGE = 2_000
HEADING = {"bold": True, "bg_color": "#E8EEF7", "border": 1, "text_wrap": True, "valign": "vcenter"}
REQUIRED = HEADING | {"font_color": "#B00020"}
EXAMPLE = {"italic": True, "font_color": "#777777", "num_format": "@"}
TEXT = {"num_format": "@"}
WRAPPED = {"text_wrap": True, "valign": "top"}
KIND_WORDS = {
    Kind.TEXT: "文字",
    Kind.LONG: "文字，可换行",
    Kind.ID_NUMBER: "18 位身份证号",
    Kind.PHONE: "11 位手机号，或带区号的固定电话",
    Kind.USCC: "18 位统一社会信用代码",
    Kind.DATE: "日期，如 2026-11-24",
    Kind.DATETIME: "日期和时间，如 2026-11-24 09:30",
    Kind.INTEGER: "整数",
    Kind.MONEY: "金额，最多两位小数",
    Kind.YES_NO: "是或否",
    Kind.CHOICE: "从下拉列表中选择，也可只填代码或名称",
}
Cell = str | int | float | bool | Decimal | date | datetime | time | None


def template(sheet: Sheet, out: IO[bytes]) -> None:
    """Write the empty table: headings, drop-downs, an example row that is not imported, and notes on each column."""
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        page = _page(book, sheet, ())
        style = book.add_format(EXAMPLE)
        for at, column in enumerate(sheet.columns):
            page.write_string(1, at, column.example, style)
        _notes(book, sheet)
        _codes(book, sheet)


def failed_workbook(batch: Batch, out: IO[bytes]) -> None:
    """Write the rows that were not good, under the template's headings, each with its reasons in one more column.

    Corrected, it can be sent in as it is: that column is passed over.
    """
    sheet = SHEETS[batch.sheet]
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        page = _page(book, sheet, (REASONS,))
        wrapped = book.add_format(WRAPPED)
        page.set_column(len(sheet.columns), len(sheet.columns), 60, wrapped)
        for row, (cells, problems) in enumerate(_failed(batch), 1):
            for at, name in enumerate(sheet.names):
                if name in cells:
                    page.write_string(row, at, defused(cells[name]))
            page.write_string(row, len(sheet.columns), defused("；".join(problems)), wrapped)
        _codes(book, sheet)


def write_rows(out: IO[bytes], headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a workbook of one page in bounded memory; nothing in it is a formula or a link."""
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        page = book.add_worksheet()
        page.freeze_panes(1, 0)
        bold = book.add_format(HEADING)
        styles = {
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        page.set_column(0, max(len(headings) - 1, 0), WIDTH)
        for at, label in enumerate(headings):
            page.write_string(0, at, defused(label), bold)
        for row, cells in enumerate(rows, 1):
            for at, cell in enumerate(cells):
                _write(page, row, at, cell, styles)


def defused(text: str) -> str:
    """Return `text` so that no spreadsheet runs it, and so short that a cell holds it; reading takes the quote off."""
    text = f"'{text}" if text.startswith(DANGEROUS) else text
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def choice_text(code: str, name: str) -> str:
    """What a drop-down shows."""
    return f"{code} {name}"


def _write(page: Any, row: int, at: int, cell: Cell, styles: Mapping[type, Any]) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, datetime):
        page.write_datetime(row, at, _local(cell), styles[datetime])
    elif isinstance(cell, date):
        page.write_datetime(row, at, cell, styles[date])
    elif isinstance(cell, int | float | Decimal) and not isinstance(cell, bool) and -EXACT < cell < EXACT:
        page.write_number(row, at, cell)
    else:
        page.write_string(row, at, _as_text(cell))


def _as_text(cell: Cell) -> str:
    """Numbers are none of a sender's texts: their sign stays."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime):
        return f"{_local(cell):%Y-%m-%d %H:%M}"
    return defused(cell) if isinstance(cell, str) else str(cell)


def _local(at: datetime) -> datetime:
    return timezone.make_naive(at) if timezone.is_aware(at) else at


def _page(book: Any, sheet: Sheet, more: Sequence[str]) -> Any:
    """Add the first page with its headings, formats and drop-downs, and return it."""
    page = book.add_worksheet(sheet.label[:31])
    page.freeze_panes(1, 0)
    heading, required = book.add_format(HEADING), book.add_format(REQUIRED)
    text = book.add_format(TEXT)
    for at, column in enumerate(sheet.columns):
        page.set_column(at, at, WIDTH, text if column.kind in AS_TEXT else None)
        page.write_string(0, at, column.label, required if column.required else heading)
        if rule := _rule(sheet, column):
            page.data_validation(1, at, MOST_ROWS, at, rule)
    for at, label in enumerate(more, len(sheet.columns)):
        page.write_string(0, at, label, heading)
    return page


def _rule(sheet: Sheet, column: Column) -> dict[str, Any] | None:
    hint = {"input_title": column.label, "input_message": column.help[:255]} if column.help else {}
    if column.kind == Kind.YES_NO:
        return {"validate": "list", "source": ["是", "否"], **hint}
    if column.choices is None:
        return {"validate": "any", **hint} if hint else None
    at = xl_col_to_name(_coded(sheet).index(column))
    last = max(len(list(column.choices())), 1)
    return {"validate": "list", "source": f"='代码'!${at}$1:${at}${last}", "error_type": "warning", **hint}


def _coded(sheet: Sheet) -> list[Column]:
    return [column for column in sheet.columns if column.choices]


def _codes(book: Any, sheet: Sheet) -> None:
    """Add the hidden page that the drop-downs take their entries from."""
    page = book.add_worksheet("代码")
    page.hide()
    lists = [
        [choice_text(*entry) for entry in column.choices()] for column in _coded(sheet) if column.choices
    ]
    for row in range(max(map(len, lists), default=0)):
        for at, entries in enumerate(lists):
            if row < len(entries):
                page.write_string(row, at, entries[row])


def _notes(book: Any, sheet: Sheet) -> None:
    page = book.add_worksheet("填写说明")
    bold, wrapped = book.add_format(HEADING), book.add_format(WRAPPED)
    page.set_column(0, 0, WIDTH)
    page.set_column(1, 3, 40, wrapped)
    intro = [
        sheet.help or f"用于导入：{sheet.label}",
        f"首行表头请勿改名，列的顺序可以调整；红字为必填列；第 2 行是示例，不会导入；最多 {MOST_ROWS:,} 行。",
        "身份证号、手机号、统一社会信用代码请按文本填写，否则 Excel 会丢失末位数字。",
    ]
    for row, words in enumerate(intro):
        page.write_string(row, 0, words)
    for at, label in enumerate(("列", "填什么", "说明", "示例")):
        page.write_string(len(intro) + 1, at, label, bold)
    for row, column in enumerate(sheet.columns, len(intro) + 2):
        kind = KIND_WORDS[column.kind] + (f"，最多 {column.max_length} 字" if column.max_length else "")
        must = "必填；" if column.required else ""
        for at, words in enumerate((column.label, must + kind, column.help, column.example)):
            page.write_string(row, at, words, wrapped)


def _failed(batch: Batch) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Yield (cells, problems) a page at a time: the connection has no cursor that stays open."""
    after: int | None = 0
    while after is not None:
        lines = batch.lines.exclude(problems=[]).filter(number__gt=after).order_by("number")[:PAGE]
        found = list(lines.values_list("number", "cells", "problems"))
        yield from ((cells, problems) for _, cells, problems in found)
        after = found[-1][0] if found else None
