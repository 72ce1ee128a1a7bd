"""CPU time of processes and of the database beside them, for benches that serve: it swings less than the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

TICK = os.sysconf("SC_CLK_TCK")


def measured(
    pids: list[int], requests: int, work: Callable[[], list[float]]
) -> tuple[float, float, float, list[float]]:
    """Return (ms CPU of `pids` a request, ms CPU of the database a request, seconds, what the work returned)."""
    database = _database()
    before = (_cpu(pids), _cpu(_backends(database)))
    begun = time.perf_counter()
    each = work()
    took = time.perf_counter() - begun
    after = (_cpu(pids), _cpu(_backends(database)))
    web, db = ((b - a) * 1000 / requests for a, b in zip(before, after, strict=True))
    return web, db, took, each


def _database() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        return int(_stat(cursor.fetchone()[0])[1])


def _backends(postmaster: int) -> list[int]:
    """The postmaster, whose count holds those of its children that are gone, and those that run."""
    return [postmaster, *children(postmaster)]


def children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if int(_stat(int(path.name))[1]) == parent:
                found.append(int(path.name))
        except OSError:
            continue
    return found + [grandchild for child in found for grandchild in children(child)]


def _cpu(pids: list[int]) -> float:
    """Seconds of CPU that the processes and their finished children used."""
    return (
        sum(sum(int(part) for part in _stat(pid)[11:15]) for pid in pids if Path(f"/proc/{pid}").exists())
        / TICK
    )


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name: [0] state, [1] parent, [11:15] user, system, and of children."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
