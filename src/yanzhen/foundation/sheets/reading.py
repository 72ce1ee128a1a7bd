"""Have a file read by a child process that may die, and hand its rows on by the ten thousand."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from itertools import islice
from signal import SIGKILL, SIGXCPU
from typing import IO, BinaryIO

from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.sheets import reader
from yanzhen.foundation.sheets.declare import REASONS, Sheet
from yanzhen.foundation.sheets.precheck import BROKEN, refused

log = logging.getLogger(__name__)

STAGE = 10_000
"""Rows of one COPY and one commit."""
WALL_SECONDS = 300
TOO_SLOW = "读取超时，文件可能过于复杂；请只保留要导入的一张表，另存为 xlsx 再试"
TOO_BIG = "文件展开后超过内存上限；请删除数据下方和右侧多余的行列，或拆分后再导入"


def read(sheet: Sheet, kind: str, file: BinaryIO) -> Generator[tuple[int, list[bytes]], None, None]:
    """Yield (rows in all, about; COPY lines of number, cells, problems), STAGE lines at a time.

    Close it when leaving early. Raises Invalid with the sentence for the sender, which may be after rows have come.
    """
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        process = _start(sheet, kind, copy)
        clock = threading.Timer(WALL_SECONDS, process.kill)
        clock.start()
        try:
            yield from _rows(process)
        finally:
            clock.cancel()
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def _start(sheet: Sheet, kind: str, file: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the reader by its path: as a module it would load its package, and Django with it.

    It gets no environment: a parser that a hostile file has taken over finds no key there.
    """
    argument = json.dumps(
        {
            "kind": kind,
            "columns": {reader.fold(column.label): column.name for column in sheet.columns},
            "labels": {column.name: column.label for column in sheet.columns},
            "required": {column.name: column.label for column in sheet.columns if column.required},
            "ignored": [reader.fold(REASONS)],
            "example": sheet.example,
        },
        ensure_ascii=False,
    )
    return subprocess.Popen(  # noqa: S603  # our own program; the file is its input, not its argument
        [sys.executable, "-I", reader.__file__, argument],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"LANG": "C.UTF-8"},
    )


def _rows(process: subprocess.Popen[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    out = iter(process.stdout or ())
    about = 0
    while chunk := list(islice(out, STAGE)):
        if chunk[0][:1] == b"#":
            about = int(chunk.pop(0)[1:])
        last = chunk.pop() if chunk and chunk[-1][:1] in {b"=", b"!"} else b""
        if last[:1] == b"!":
            raise refused(last[1:].decode().strip())
        yield about, chunk
        if last:
            return
    raise _death(process.wait())


def _death(code: int) -> Invalid:
    """Return what to tell the sender of a reader that ended without a word: killed by the clock, by memory, or broken."""
    log.warning("the reader of sheets ended with %s", code)
    if code in {-SIGKILL, -SIGXCPU}:
        return refused(TOO_SLOW)
    return refused(TOO_BIG if code < 0 or code == reader.OUT_OF_MEMORY else BROKEN)
