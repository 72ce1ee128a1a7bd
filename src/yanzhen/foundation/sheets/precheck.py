"""Look at a file before anything reads it: what it is, and that it does not unfold into more than a sheet may hold.

A kilobyte can claim a cell at XFD1048576 and abort the whole process that parses it; so the claims are streamed here
in bounded memory, and the parsing itself is left to a limited child process (`reading`).
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.sheets.reader import MOST_COLUMNS, MOST_ROWS, too_many_columns, too_many_rows

MOST_PARTS = 200
MOST_UNPACKED = 200 * 2**20
MOST_RATIO = 150
DIRECTORY_ENTRY = 512
"""More bytes than an entry of a zip directory takes in any workbook."""
CHUNK = 2**18
LONGEST_TAG = 2**16
OLE = bytes.fromhex("D0CF11E0A1B11AE1")
ZIP = b"PK\x03\x04"
END_OF_DIRECTORY = struct.Struct("<4s4H2LH")
FAR = re.compile(
    rb"""\sr\s*=\s*["'](?:([A-Za-z]+)(\d{6,10})|([A-Za-z]{3,}|[H-Zh-z][A-Za-z]|[Gg][S-Zs-z])\d{1,10})["'][^<>]*(?<!/)>"""
)
"""A cell with content beyond column 200 (GR) or row 99,999."""
ODS_TAG = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^<>]*)>")
REPEATED = re.compile(rb"""number-(?:rows|columns)-repeated\s*=\s*["'](\d{1,9})["']""")

NOT_A_SHEET = "这不是表格文件，可导入 xlsx、xls、ods 和 csv"
BROKEN = "文件不完整或已损坏，请用 Excel 或 WPS 打开后另存为 xlsx 再试"
ENCRYPTED = "文件设有打开密码，请去掉密码后再导入"
TOO_LARGE = "文件解压后过大，疑似异常文件；请只保留要导入的一张表，另存后再试"


def look(content: bytes) -> str:
    """Return "xlsx", "ods", "xls" or "csv" by the content alone; raises Invalid with a sentence for the sender."""
    if not content.strip():
        raise refused("文件是空的")
    if content.startswith(ZIP):
        return _look_into_zip(content)
    if content.startswith(OLE):
        return _look_into_ole(content)
    return _look_at_text(content)


def refused(words: str) -> Invalid:
    return Invalid(words, fields={"file": words})


def _look_into_zip(content: bytes) -> str:
    _check_directory(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            kind = _kind_of_zip(archive)
            if any(part.flag_bits & 1 for part in archive.infolist()):
                raise refused(ENCRYPTED)
            _check_parts(archive, kind, len(content))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError):
        raise refused(BROKEN) from None
    return kind


def _check_directory(content: bytes) -> None:
    """Count the parts before the directory is read: a directory may itself be a flood."""
    at = content.rfind(b"PK\x05\x06", -(2**16) - END_OF_DIRECTORY.size)
    if at < 0 or len(content) < at + END_OF_DIRECTORY.size:
        raise refused(BROKEN)
    _, _, _, _, parts, size, _, _ = END_OF_DIRECTORY.unpack_from(content, at)
    if parts > MOST_PARTS or size > MOST_PARTS * DIRECTORY_ENTRY:
        raise refused(f"文件含 {parts} 个部件，超过上限 {MOST_PARTS} 个，疑似异常文件；请另存为 xlsx 再试")


def _kind_of_zip(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        raise refused("暂不支持 xlsb，请另存为 xlsx 后再导入")
    if "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype")[:100]:
        if b"encryption-data" in _head(archive, "META-INF/manifest.xml"):
            raise refused(ENCRYPTED)
        return "ods"
    raise refused(NOT_A_SHEET)


def _head(archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.namelist():
        return b""
    with archive.open(name) as part:
        return part.read(CHUNK)


def _check_parts(archive: zipfile.ZipFile, kind: str, packed: int) -> None:
    unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > MOST_UNPACKED or unpacked > packed * MOST_RATIO:
        raise refused(TOO_LARGE)
    rows = columns = 0
    for part in archive.infolist():
        name = part.filename.lower()
        if not name.endswith((".xml", ".rels")):
            continue
        extent = _xlsx_extent if kind == "xlsx" and name.startswith("xl/worksheets/") else _no_extent
        if kind == "ods" and name == "content.xml":
            extent = _ods_extent
        reached = extent(_streamed(archive, part))
        rows, columns = max(rows, reached[0]), max(columns, reached[1])
    if columns > MOST_COLUMNS:
        raise refused(too_many_columns(columns))
    if rows - 1 > MOST_ROWS:
        raise refused(too_many_rows(rows - 1))


def _streamed(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the part in pieces that end before a tag begins; raises Invalid at a document type declaration."""
    rest = b""
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK):
            piece = rest + chunk
            cut = piece.rfind(b"<")
            rest = (piece[cut:] if cut >= 0 else piece)[-LONGEST_TAG:]
            if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
                raise refused(
                    "文件含有不允许的 XML 声明（DTD），疑似异常文件；请用 Excel 或 WPS 另存为 xlsx 再试"
                )
            yield piece[: len(piece) - len(rest)]
    yield rest


def _no_extent(pieces: Iterator[bytes]) -> tuple[int, int]:
    for _ in pieces:
        pass
    return 0, 0


def _xlsx_extent(pieces: Iterator[bytes]) -> tuple[int, int]:
    """Return the last row and the last column that hold something, of those that lie far out."""
    rows = columns = 0
    for piece in pieces:
        for letters, row, far in FAR.findall(piece):
            rows = max(rows, int(row or 0))
            columns = max(columns, _column_number(letters or far))
    return rows, columns


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters[:4].upper():
        number = number * 26 + letter - 64
    return number


def _ods_extent(pieces: Iterator[bytes]) -> tuple[int, int]:
    """The same for ods, where cells have no address but repetitions; each table begins anew at row 1."""
    row = last_row = column = last_column = repeat_row = 0
    for piece in pieces:
        for tag, attributes in ODS_TAG.findall(piece):
            found = REPEATED.search(attributes)
            times = int(found[1]) if found else 1
            if tag == b"table":
                row = repeat_row = 0
            elif tag == b"table-row":
                row, column, repeat_row = row + repeat_row, 0, times
            else:
                column += times
                if b"value-type" in attributes or not attributes.endswith(b"/"):
                    last_row, last_column = max(last_row, row + repeat_row), max(last_column, column)
    return last_row, last_column


def _look_into_ole(content: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise refused(ENCRYPTED)
    if any(name.encode("utf-16-le") in content for name in ("Workbook", "Book")):
        return "xls"
    raise refused(NOT_A_SHEET)


def _look_at_text(content: bytes) -> str:
    head = content[:CHUNK].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        raise refused("这是网页或 XML 文件，请用 Excel 或 WPS 打开后另存为 xlsx 再导入")
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise refused("文件是 Unicode（UTF-16）文本，请另存为 xlsx 或“CSV UTF-8”再导入")
    if b"\x00" in head or head.startswith((b"%PDF", b"{\\rtf", b"PK", b"\xff\xd8")):
        raise refused(NOT_A_SHEET)
    return "csv"
