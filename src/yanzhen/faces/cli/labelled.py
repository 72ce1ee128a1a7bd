"""Reading labelled texts from a CSV file: columns `text` and `category`, and if there `title`, `weight` or `source`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from yanzhen.engines.classifier.model import Row

ENCODINGS = ("utf-8-sig", "gb18030")
"""The second is what a Chinese Excel writes; tried when the bytes are no UTF-8."""
MACHINE_MADE = {"silver", "machine", "auto"}
MACHINE_WEIGHT = 0.7
"""Of a label that a program gave: right about four times in five."""
LARGEST_FIELD = 10_000_000


class Unreadable(click.ClickException):
    """The file can not be used; the message says which line of it and what to do. Exit code 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        click.echo(f"未执行：{self.message}", err=True)


@dataclass(frozen=True, slots=True)
class Labelled:
    rows: tuple[Row, ...]
    passed_over: int
    """Lines without a text or a category."""


def read(path: Path) -> Labelled:
    """Return the rows of a file; raises Unreadable."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"打不开 {path}：{error.strerror}。") from None
    if not raw.strip():
        raise Unreadable(f"{path} 是空文件：请给出带 text、category 两列的 CSV。")
    csv.field_size_limit(LARGEST_FIELD)
    lines = csv.DictReader(io.StringIO(_decoded(raw, path), newline=""))
    missing = {"text", "category"} - {_plain(name) for name in lines.fieldnames or ()}
    if missing:
        raise Unreadable(f"{path} 缺少列 {'、'.join(sorted(missing))}：首行须写明列名 text,category。")
    lines.fieldnames = [_plain(name) for name in lines.fieldnames or ()]
    try:
        found = [_row(line, path, lines.line_num) for line in lines]
    except csv.Error as error:
        raise Unreadable(f"{path} 第 {lines.line_num} 行不是 CSV：{error}。") from None
    rows = tuple(row for row in found if row.text.strip() and row.label)
    if not rows:
        raise Unreadable(f"{path} 没有既有 text 又有 category 的行。")
    return Labelled(rows, len(found) - len(rows))


def _decoded(raw: bytes, path: Path) -> str:
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise Unreadable(f"{path} 不是 UTF-8 或 GB18030 编码：请另存为 CSV UTF-8。")


def _row(line: dict[str, str | None], path: Path, number: int) -> Row:
    parts: Iterable[str] = ((line.get(name) or "").strip() for name in ("title", "text"))
    text = "\n".join(part for part in parts if part)
    return Row(text, (line.get("category") or "").strip(), _weight(line, path, number))


def _weight(line: dict[str, str | None], path: Path, number: int) -> float:
    given = (line.get("weight") or "").strip()
    if not given:
        source = (line.get("source") or "").strip().lower()
        return MACHINE_WEIGHT if source in MACHINE_MADE else 1.0
    try:
        weight = float(given)
    except ValueError:
        weight = -1
    if not 0 < weight <= 1:
        raise Unreadable(f"{path} 第 {number} 行的 weight“{given}”须是大于 0、不大于 1 的数。")
    return weight


def _plain(name: str | None) -> str:
    return (name or "").strip().lower()
