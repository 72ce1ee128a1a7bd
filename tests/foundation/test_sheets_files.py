"""Files that are read, and files that are refused before they do harm: each is made here, byte by byte where need be."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.sheets import Column, Kind, Sheet, reader, reading
from yanzhen.foundation.sheets.precheck import look
from yanzhen.foundation.sheets.reader import MOST_ROWS


def nothing(*_: object, **__: object) -> None:
    """What a sheet of the tests that is only read does with its rows."""


def places() -> list[tuple[str, str]]:
    return [("370102", "历下区"), ("370103", "市中区"), ("370402", "市中区")]


READ_ONLY = Sheet(
    code="tests.read",
    label="读取",
    right="organisation.edit",
    basis="docs/rules/hotline.md",
    line="union",
    apply=nothing,
    undo=nothing,
    region="region",
    columns=(
        Column("name", "名称", Kind.TEXT, required=True, max_length=20, example="示例单位"),
        Column("region", "行政区划", Kind.CHOICE, required=True, choices=places, example="370102 历下区"),
        Column("id_number", "证件号码", Kind.ID_NUMBER),
        Column("phone", "电话", Kind.PHONE),
        Column("on", "日期", Kind.DATE),
        Column("count", "数量", Kind.INTEGER),
    ),
)
HEADINGS = ["名称", "行政区划", "证件号码", "电话", "日期", "数量"]


def xlsx(rows: list[list[object]], *, before: tuple[str, ...] = ()) -> bytes:
    """A workbook whose first visible page has `rows`; `before` are hidden pages in front of it."""
    book = openpyxl.Workbook()
    page = book.active
    for row in rows:
        page.append(row)
    for name in before:
        book.create_sheet(name, 0).sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(rows: list[list[object]]) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet("表")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            page.write(at, column, cell, *([day] if isinstance(cell, datetime.date) else []))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(rows: list[list[object]]) -> bytes:
    book = OpenDocumentSpreadsheet()
    table = Table(name="表")
    book.spreadsheet.addElement(table)
    for row in rows:
        line = TableRow()
        table.addElement(line)
        for cell in row:
            line.addElement(ods_cell(cell))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods_cell(cell: object) -> TableCell:
    if isinstance(cell, datetime.date):
        found = TableCell(valuetype="date", datevalue=cell.isoformat())
    elif isinstance(cell, int | float):
        found = TableCell(valuetype="float", value=str(cell))
    else:
        found = TableCell(valuetype="string")
    found.addElement(P(text=str(cell)))
    return found


def csv_bytes(rows: list[list[object]], encoding: str) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def raw_xlsx(sheet: str, *, parts: dict[str, bytes] | None = None) -> bytes:
    """A workbook with `sheet` as the XML of its only page: what no spreadsheet program would write."""
    out = io.BytesIO()
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, content in (parts or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


def page_xml(rows: str) -> str:
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'


def read_all(content: bytes, sheet: Sheet = READ_ONLY) -> list[tuple[int, dict[str, str], str]]:
    """Return (row number, cells, problems) of every row, through the child process."""
    kind = look(content)
    lines = [line for _, chunk in reading.read(sheet, kind, io.BytesIO(content)) for line in chunk]
    split = [line.decode().rstrip("\n").split("\t") for line in lines]
    return [
        (int(number), json.loads(cells.replace("\\\\", "\\")), problems) for number, cells, problems in split
    ]


def refusal(content: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        read_all(content)
    assert refused.value.data["fields"] == {"file": refused.value.message}
    return refused.value.message


def row(name: str = "甲", *cells: object) -> list[object]:
    return [name, "370102", *cells]


@pytest.mark.parametrize(
    "made",
    [xlsx, xls, ods, lambda rows: csv_bytes(rows, "utf-8-sig"), lambda rows: csv_bytes(rows, "gb18030")],
    ids=["xlsx", "xls", "ods", "csv utf-8", "csv gb18030"],
)
def test_every_format_says_the_same(made):
    rows = [HEADINGS, ["甲单位", "370102", "", 13800000000, datetime.date(2026, 11, 24), 3]]

    assert read_all(made(rows)) == [
        (
            2,
            {
                "name": "甲单位",
                "region": "370102",
                "phone": "13800000000",
                "on": "2026-11-24",
                "count": "3",
            },
            "{}",
        )
    ]


def test_what_a_cell_shows_is_what_is_read():
    cells = ["甲\n乙\t丙\\", "370102", "=1+1", True, datetime.datetime(2026, 11, 24, 9, 30), 0.1 + 0.2]  # noqa: DTZ001  # as Excel has it
    book = io.BytesIO()
    with xlsxwriter.Workbook(book, {"strings_to_formulas": False}) as made:
        page = made.add_worksheet()
        page.write_row(0, 0, HEADINGS)
        moment = made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for at, cell in enumerate(cells):
            page.write(1, at, cell, *([moment] if isinstance(cell, datetime.datetime) else []))

    [(_, read, _)] = read_all(book.getvalue())

    assert read == {
        "name": "甲\n乙\t丙\\",
        "region": "370102",
        "id_number": "=1+1",
        "phone": "是",
        "on": "2026-11-24 09:30:00",
        "count": "0.3",
    }


def test_a_number_that_excel_has_cut_is_a_problem_of_its_row():
    [(_, cells, problems)] = read_all(xlsx([HEADINGS, row("甲", 370102199001011234)]))

    assert cells["id_number"].startswith("37010219900101")
    assert (
        problems
        == '{"证件号码：该单元格是数字格式，超过 15 位的数字末位已丢失；请把整列设为“文本”格式后重新填写"}'
    )


def test_headings_are_found_in_any_order_below_a_title_and_whatever_their_width():
    rows = [
        ["全市单位汇总表"],
        [],
        ["数量", " 行政 区划*", "名称"],
        [5, "370102", "甲"],
        [],
        [7, "370103", "乙"],
    ]

    assert read_all(xlsx(rows)) == [
        (4, {"count": "5", "region": "370102", "name": "甲"}, "{}"),
        (6, {"count": "7", "region": "370103", "name": "乙"}, "{}"),
    ]


def test_the_first_page_that_shows_is_read():
    assert [n for n, _, _ in read_all(xlsx([HEADINGS, row()], before=("代码",)))] == [2]


def test_the_example_of_the_template_and_the_column_of_reasons_are_passed_over():
    example = ["示例单位", "370102 历下区"]
    rows = [
        [*HEADINGS, "不合格原因"],
        [*example, "", "", "", "", "x"],
        [*row("乙"), "", "", "", "", "名称：太短"],
    ]

    assert read_all(xlsx(rows)) == [(3, {"name": "乙", "region": "370102"}, "{}")]


def test_all_that_is_wrong_with_the_heading_is_said_at_once():
    words = refusal(xlsx([["数量", "数量", "工资"], [1, 2, 3]]))

    assert words == "缺少列：名称、行政区划；不认识的列：工资；重复的列：数量。请对照模板的表头修改"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "表格是空的"),
        ([["随便", "写的"], [1, 2]], "没有找到表头：须有一行写明各列名称，如“名称、行政区划”；请用模板填写"),
        ([HEADINGS], "表头之下没有数据"),
        (
            [HEADINGS, [*row(), "", "", "", "", "多余"]],
            "第 2 行有内容写在没有表头的列里：“多余”，请补上表头或删去",
        ),
    ],
)
def test_a_table_that_says_nothing_is_refused_with_what_is_missing(rows, words):
    assert refusal(xlsx(rows)) == words


ENCRYPTED = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(512) + "EncryptedPackage".encode("utf-16-le")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "文件是空的"),
        (b" \n ", "文件是空的"),
        (b"%PDF-1.7\n1 0 obj", "这不是表格文件，可导入 xlsx、xls、ods 和 csv"),
        (bytes.fromhex("89504e470d0a1a0a0000000d49484452"), "这不是表格文件，可导入 xlsx、xls、ods 和 csv"),
        (
            b"<html><table><tr><td>1</td></tr></table>",
            "这是网页或 XML 文件，请用 Excel 或 WPS 打开后另存为 xlsx 再导入",
        ),
        (
            "名称\t数量".encode("utf-16"),
            "文件是 Unicode（UTF-16）文本，请另存为 xlsx 或“CSV UTF-8”再导入",
        ),
        (ENCRYPTED, "文件设有打开密码，请去掉密码后再导入"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(512), "这不是表格文件，可导入 xlsx、xls、ods 和 csv"),
        (b"PK\x03\x04 cut", "文件不完整或已损坏，请用 Excel 或 WPS 打开后另存为 xlsx 再试"),
        (
            b"\x81\xff\xff,name\n1,2",
            "文件编码既不是 UTF-8 也不是 GB18030，请另存为 xlsx 再试",
        ),
    ],
    ids=["nothing", "blank", "pdf", "png", "html", "utf-16", "encrypted", "word", "cut", "no encoding"],
)
def test_what_is_no_sheet_is_refused_in_plain_words(content, words):
    assert refusal(content) == words


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("made", [xlsx, ods, xls], ids=["xlsx", "ods", "xls"])
def test_a_truncated_file_is_refused(made, kept):
    content = made([HEADINGS, *(row(f"单位{n}") for n in range(300))])

    assert "损坏" in refusal(content[: int(len(content) * kept)]) or "不是表格" in refusal(
        content[: int(len(content) * kept)]
    )


def test_a_damaged_part_is_refused():
    content = bytearray(xlsx([HEADINGS, *(row(f"单位{n}") for n in range(300))]))
    at = content.index(b"xl/worksheets/sheet1.xml") + 200
    content[at : at + 40] = bytes(40)

    assert "损坏" in refusal(bytes(content))


def test_a_kilobyte_that_claims_the_last_cell_of_excel_is_refused_at_once():
    content = raw_xlsx(page_xml('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))
    begun = time.perf_counter()

    with pytest.raises(Invalid) as refused:
        look(content)

    assert time.perf_counter() - begun < 0.05
    assert len(content) < 2000
    assert refused.value.message == "文件宽到第 16,384 列，超过上限 200 列，请删除多余的列后再导入"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ('<c r="GS1"><v>1</v></c>', "文件宽到第 201 列，超过上限 200 列，请删除多余的列后再导入"),
        (
            "<c s='1' r = 'A200001' t=\"n\"><v>1</v></c>",
            "文件有 200,000 行，超过上限 100,000 行，请拆分后分次导入",
        ),
        ('<c r="xfd1"><v>1</v></c>', "文件宽到第 16,384 列，超过上限 200 列，请删除多余的列后再导入"),
    ],
)
def test_a_far_cell_is_found_however_it_is_written(cell, words):
    with pytest.raises(Invalid) as refused:
        look(raw_xlsx(page_xml(f"<row>{cell}</row>")))

    assert refused.value.message == words


def test_far_cells_that_are_only_formatted_do_not_count():
    heading = "".join(
        f'<c r="{letter}1" t="inlineStr"><is><t>{label}</t></is></c>'
        for letter, label in zip("ABCDEF", HEADINGS, strict=True)
    )
    data = '<c r="A2" t="inlineStr"><is><t>甲</t></is></c><c r="B2"><v>370102</v></c>'
    content = raw_xlsx(
        page_xml(
            f'<row r="1">{heading}</row><row r="2">{data}</row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
        )
    )

    assert read_all(content) == [(2, {"name": "甲", "region": "370102"}, "{}")]


def test_a_repeated_cell_of_an_ods_counts_as_often_as_it_says():
    content = ods([HEADINGS, row()])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["content.xml"] = parts["content.xml"].replace(
        b"<table:table-row>", b'<table:table-row table:number-rows-repeated="1048000">', 1
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)

    assert refusal(out.getvalue()) == "文件有 1,048,000 行，超过上限 100,000 行，请拆分后分次导入"


def test_a_bomb_is_refused_before_it_is_unpacked():
    bomb = raw_xlsx(page_xml("<row r='1'><c r='A1'><v>1</v></c></row>" + " " * 30_000_000))
    begun = time.perf_counter()

    assert refusal(bomb) == "文件解压后过大，疑似异常文件；请只保留要导入的一张表，另存后再试"
    assert time.perf_counter() - begun < 0.05


def test_a_bomb_that_lies_about_its_size_is_refused():
    honest = raw_xlsx(page_xml("<row r='1'><c r='A1'><v>1</v></c></row>" + " " * 30_000_000))
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = honest.replace(size.to_bytes(4, "little"), (2000).to_bytes(4, "little"))

    assert lying != honest
    assert refusal(lying) == "文件不完整或已损坏，请用 Excel 或 WPS 打开后另存为 xlsx 再试"


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        " " * 400_000 + "<!DOCTYPE a []>",
    ],
    ids=["billion laughs", "external entity", "far from the beginning"],
)
def test_a_document_type_declaration_is_refused(declaration):
    content = raw_xlsx(
        declaration + page_xml("<row r='1'><c r='A1'><v>1</v></c></row>"),
        parts={"pad": random.Random(1).randbytes(10_000)},  # noqa: S311  # what does not shrink
    )

    assert (
        refusal(content)
        == "文件含有不允许的 XML 声明（DTD），疑似异常文件；请用 Excel 或 WPS 另存为 xlsx 再试"
    )


def test_a_flood_of_parts_is_refused():
    content = raw_xlsx(page_xml(""), parts={f"p/{n}.xml": b"<a/>" for n in range(500)})

    assert refusal(content) == "文件含 505 个部件，超过上限 200 个，疑似异常文件；请另存为 xlsx 再试"


def test_two_hundred_thousand_rows_are_refused_with_their_number():
    book = io.BytesIO()
    with xlsxwriter.Workbook(book, {"constant_memory": True}) as made:
        page = made.add_worksheet()
        page.write_row(0, 0, HEADINGS)
        for n in range(1, 2 * MOST_ROWS + 1):
            page.write_row(n, 0, ["甲", "370102"])

    assert refusal(book.getvalue()) == "文件有 200,000 行，超过上限 100,000 行，请拆分后分次导入"


def test_too_many_rows_of_a_csv_are_counted_to_the_end():
    content = (",".join(HEADINGS) + "\n" + "甲,370102\n" * 150_000).encode()

    assert refusal(content) == "文件有 150,000 行，超过上限 100,000 行，请拆分后分次导入"


def test_a_child_that_runs_out_of_memory_leaves_a_sentence_and_this_process_alive():
    cells = "<c><v>1</v></c>" * 190
    content = raw_xlsx(page_xml(f'<row r="1">{cells}</row><row r="1048576"><c><v>1</v></c></row>'))

    assert refusal(content) == "文件展开后超过内存上限；请删除数据下方和右侧多余的行列，或拆分后再导入"


def test_a_child_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(reading, "WALL_SECONDS", 0.01)

    assert (
        refusal(xlsx([HEADINGS, *(row(f"单位{n}") for n in range(20_000))]))
        == "读取超时，文件可能过于复杂；请只保留要导入的一张表，另存为 xlsx 再试"
    )


def test_leaving_early_ends_the_child():
    content = xlsx([HEADINGS, *(row(f"单位{n}") for n in range(20_000))])

    chunks = reading.read(READ_ONLY, "xlsx", io.BytesIO(content))
    next(chunks)
    chunks.close()

    with pytest.raises(StopIteration):
        next(chunks)


def test_the_child_inherits_no_secret_and_loads_no_django():
    asked = "import runpy, sys; runpy.run_path(sys.argv[1]); print('django' in sys.modules)"
    end, beginning = os.pipe()
    with os.fdopen(end, "rb") as file, os.fdopen(beginning, "wb"):
        child = reading._start(READ_ONLY, "csv", file)
        while not (environment := Path(f"/proc/{child.pid}/environ").read_bytes()):
            time.sleep(0.001)  # the kernel fills it in a moment after the start
    child.communicate()
    said = subprocess.run(
        [sys.executable, "-I", "-c", asked, reader.__file__], capture_output=True, text=True, check=True
    )

    assert (environment, said.stdout) == (b"LANG=C.UTF-8\x00", "False\n")
