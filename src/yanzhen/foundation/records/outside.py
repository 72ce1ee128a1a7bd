"""Checkpoints outside the database: lines in files on other storage, so that a superuser can not cut the tail.

Folders: DATA_DIR/checkpoints and those named in YANZHEN_CHECKPOINT_SINK (separated by ":"), such as a write-once
mount. Each gets every checkpoint as a line of `checkpoints-YYYY-MM.jsonl`, synced to disk. A folder that is new or
was away for a time gets what it lacks.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from yanzhen.foundation.records.proof import canonical
from yanzhen.foundation.records.standalone import outside_lines, whole_line

CHUNK = 2000
NAMES = "checkpoints-*.jsonl"
UTC_TEXT = """to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
SELECT_POINTS = f"""
    select id, {UTC_TEXT.format("at")}, size, total, encode(root, 'hex'), encode(previous, 'hex'),
        encode(digest, 'hex'), encode(signature, 'hex'), key_id
    from foundation_checkpoint where id > %s order by id limit {CHUNK}
"""  # noqa: S608  # program text only
POINT = ("id", "at", "size", "total", "root", "previous", "digest", "signature", "key_id")


def folders() -> list[Path]:
    """Return the folders that checkpoints are carried to, our own first."""
    named = getattr(settings, "CHECKPOINT_SINK", os.environ.get("YANZHEN_CHECKPOINT_SINK", ""))
    return [Path(settings.DATA_DIR) / "checkpoints", *(Path(p) for p in named.split(os.pathsep) if p)]


def stored_checkpoints(after: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the database's checkpoints above the id `after`, in order, as they are hashed and exported."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(SELECT_POINTS, [after])
            rows = cursor.fetchall()
        yield from (dict(zip(POINT, row, strict=True)) for row in rows)
        if len(rows) < CHUNK:
            return
        after = rows[-1][0]


def carried_lines(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the checkpoints that a folder holds, as they were carried there."""
    for path in sorted(folder.glob(NAMES)):
        yield from outside_lines(path)


def carry_out() -> None:
    """Append to each folder the checkpoints that it lacks. Raises the first OSError after all had their turn."""
    problems = []
    for folder in folders():
        try:
            _carry_to(folder)
        except OSError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]


def _carry_to(folder: Path) -> None:
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lacking = stored_checkpoints(_last_common(folder))
        _append(folder, lacking)


def _last_common(folder: Path) -> int:
    """Return the id up to which the folder has what the database has; the last line tells it, but for a restore."""
    files = sorted(folder.glob(NAMES))
    last = _last_line(files[-1]) if files else None
    if last:
        present = next(stored_checkpoints(last["id"] - 1), None)
        if present and present["digest"] == last["digest"]:
            return int(last["id"])
    carried = {line["digest"] for line in carried_lines(folder)}
    return max((point["id"] for point in stored_checkpoints() if point["digest"] in carried), default=0)


def _last_line(path: Path) -> dict[str, Any] | None:
    """Return the file's last line that is whole; ends one that a crash cut off, so that the next stands alone."""
    with path.open("rb+") as file:
        file.seek(max(0, path.stat().st_size - 8192))
        tail = file.read()
        if tail and not tail.endswith(b"\n"):
            file.write(b"\n")
    lines = (whole_line(line) for line in reversed(tail.decode(errors="replace").splitlines()))
    return next(filter(None, lines), None)


def _append(folder: Path, points: Iterable[dict[str, Any]]) -> None:
    for month, group in groupby(points, key=lambda point: point["at"][:7]):
        with (folder / f"checkpoints-{month}.jsonl").open("ab") as file:
            file.writelines(canonical(point) + b"\n" for point in group)
            file.flush()
            os.fsync(file.fileno())
