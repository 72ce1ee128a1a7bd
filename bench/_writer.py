"""One writing process of the bench of records; knows nothing of Django, so that it starts at once."""

from __future__ import annotations

import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import psycopg

BUSINESS = "insert into bench_business (body) values (%s)"
AFTER = '{"state": "accepted", "handler_id": 4711, "note": {"sha256": "5891b5b522d5df086d0ff0b110fbd9d2", "characters": 120}}'


def write(dsn: str, statement: str | None, seconds: float, ready: Barrier, counts: Queue[int]) -> None:
    """Commit transactions for `seconds` and put their number into `counts`."""
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute("select 1")
        ready.wait()
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            with session.transaction():
                session.execute(BUSINESS, ["x" * 100])
                if statement:
                    session.execute(statement, [AFTER])
            count += 1
    counts.put(count)
