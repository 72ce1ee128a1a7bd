"""Read one table file and write its rows as COPY lines. Run as a program of its own, in a process that may die.

Knows nothing of the product, so that it starts at once and has no secrets: the file comes on standard input, what to
look for as JSON in the first argument. The first line out begins with "#" and says about how many rows there are. Each
that follows is "number, cells as JSON, problems". The last begins with "=", or with "!" and says to the sender what is
wrong.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import resource
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

MOST_ROWS = 100_000
"""Rows of data, without the heading."""
MOST_COLUMNS = 200
MEMORY = 768 * 2**20
CPU_SECONDS = 60
OUT_OF_MEMORY = 3
"""Exit code where Python itself noticed; the parser aborts instead."""
EXACT = 10**15
"""From here on a number cell has lost digits: a double keeps fifteen."""
HEADING_WITHIN = 10
"""A title or a note may stand above the heading."""
LOST = "该单元格是数字格式，超过 15 位的数字末位已丢失；请把整列设为“文本”格式后重新填写"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
DEFUSED = re.compile(r"'[=+\-@\t\r]")
Cells = Sequence[Any]


class Unreadable(Exception):
    """The sentence for the sender."""


def fold(text: str) -> str:
    """Return a heading as it is compared: width, spaces and the star of required columns do not matter."""
    return re.sub(r"[\s*]", "", unicodedata.normalize("NFKC", text)).lower()


def too_many_rows(rows: int) -> str:
    return f"文件有 {rows:,} 行，超过上限 {MOST_ROWS:,} 行，请拆分后分次导入"


def too_many_columns(columns: int) -> str:
    return f"文件宽到第 {columns:,} 列，超过上限 {MOST_COLUMNS} 列，请删除多余的列后再导入"


def written(value: Any) -> str:
    """Return what a cell says as text: numbers without an exponent, dates in ISO form, true and false in Chinese."""
    if isinstance(value, str):
        text = CONTROL.sub("", value).replace("\r\n", "\n").strip()
        return text[1:] if DEFUSED.match(text) else text
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(f"{value:.15g}"), "f")
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return str(value)


def rows_of(kind: str, stream: Any) -> tuple[int, Iterator[tuple[int, Cells]]]:
    """Return about how many rows the first table that is not hidden has, and (row number as seen, cells) of each."""
    return _rows_of_text(stream.read()) if kind == "csv" else _rows_of_workbook(stream)


def _rows_of_workbook(stream: Any) -> tuple[int, Iterator[tuple[int, Cells]]]:
    from python_calamine import (  # noqa: PLC0415  # only the child may load it
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        book = CalamineWorkbook.from_filelike(stream)
        shown = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        ]
        if not shown:
            raise Unreadable("文件里没有可见的工作表")
        sheet = book.get_sheet_by_name(shown[0])
    except PasswordError:
        raise Unreadable("文件设有打开密码，请去掉密码后再导入") from None
    except CalamineError:
        raise Unreadable("文件不完整或已损坏，请用 Excel 或 WPS 打开后另存为 xlsx 再试") from None
    return sheet.total_height, enumerate(sheet.iter_rows(), 1)


def _rows_of_text(content: bytes) -> tuple[int, Iterator[tuple[int, Cells]]]:
    text = _decoded(content)
    head = text.lstrip().split("\n", 1)[0]
    delimiter = max(",\t;", key=head.count)
    csv.field_size_limit(2**20)
    return text.count("\n"), _records(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _records(records: Iterator[list[str]]) -> Iterator[tuple[int, Cells]]:
    try:
        yield from enumerate(records, 1)
    except csv.Error:
        raise Unreadable("CSV 的引号不成对或单元格过长，请另存为 xlsx 再试") from None


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("文件编码既不是 UTF-8 也不是 GB18030，请另存为 xlsx 再试")


def heading(rows: Iterator[tuple[int, Cells]], spec: dict[str, Any]) -> list[str | None]:
    """Take rows up to the heading and return the column that each cell stands for, None for those to pass over."""
    first: list[str] = []
    for _, cells in itertools.islice(rows, HEADING_WITHIN):
        labels = [written(cell) for cell in cells]
        if any(fold(label) in spec["columns"] for label in labels):
            return _columns(labels, spec)
        first = first or [label for label in labels if label]
    if not first:
        raise Unreadable("表格是空的")
    raise Unreadable(
        f"没有找到表头：须有一行写明各列名称，如“{'、'.join(spec['required'].values())}”；请用模板填写"
    )


def _columns(labels: list[str], spec: dict[str, Any]) -> list[str | None]:
    """Raise Unreadable with all that is wrong with the heading at once."""
    if len(labels) > MOST_COLUMNS:
        raise Unreadable(too_many_columns(len(labels)))
    known: dict[str, str] = spec["columns"]
    names = [known.get(fold(label)) for label in labels]
    unknown = [label[:20] for label in labels if label and fold(label) not in {*known, *spec["ignored"]}]
    twice = sorted(
        {label for label, name in zip(labels, names, strict=True) if name and names.count(name) > 1}
    )
    missing = [label for name, label in spec["required"].items() if name not in names]
    problems = [
        f"{words}：{'、'.join(found)}"
        for words, found in (("缺少列", missing), ("不认识的列", unknown), ("重复的列", twice))
        if found
    ]
    if problems:
        raise Unreadable("；".join(problems) + "。请对照模板的表头修改")
    return [name or ("" if label else None) for label, name in zip(labels, names, strict=True)]


def lines(rows: Iterable[tuple[int, Cells]], names: list[str | None], spec: dict[str, Any]) -> Iterator[str]:
    """Yield the COPY line of each row that says something."""
    labels: dict[str, str] = spec["labels"]
    count = 0
    for number, values in rows:
        cells, lost = _cells(values, names, number)
        if not cells or (count == 0 and cells == spec["example"]):
            continue
        count += 1
        if count <= MOST_ROWS:
            problems = ",".join(f'"{labels[name]}：{LOST}"' for name in lost)
            words = json.dumps(cells, ensure_ascii=False).replace("\\", "\\\\")
            yield f"{number}\t{words}\t{{{problems}}}\n"
    if count > MOST_ROWS:
        raise Unreadable(too_many_rows(count))
    if count == 0:
        raise Unreadable("表头之下没有数据")


def _cells(values: Cells, names: list[str | None], number: int) -> tuple[dict[str, str], list[str]]:
    """Return the texts by column, and the columns in which a number has lost digits."""
    cells: dict[str, str] = {}
    lost: list[str] = []
    for name, value in itertools.zip_longest(names, values):
        if value is None or value == "" or name == "":
            continue
        text = written(value)
        if name is None:
            if text:
                raise Unreadable(f"第 {number} 行有内容写在没有表头的列里：“{text[:20]}”，请补上表头或删去")
            continue
        if text:
            cells[name] = text
        if isinstance(value, float | int) and abs(value) >= EXACT:
            lost.append(name)
    return cells, lost


def confine() -> None:
    """Let the kernel end this process where a file makes it grow, spin or write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(argument: str, stream: Any, out: Callable[[bytes], Any]) -> None:
    spec = json.loads(argument)
    try:
        about, rows = rows_of(spec["kind"], stream)
        out(f"#{about}\n".encode())
        names = heading(rows, spec)
        for line in lines(rows, names, spec):
            out(line.encode("utf-8", "replace"))
        out(b"=\n")
    except Unreadable as problem:
        out(f"!{problem}\n".encode())


def _run() -> NoReturn:
    confine()
    try:
        main(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer.write)
        sys.stdout.buffer.flush()
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    sys.exit(0)


if __name__ == "__main__":
    _run()
