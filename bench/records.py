"""What records cost: appends with the sealer running beside appends to a bare table, and the rate of verification.

Writers are processes with a raw connection, so that the database's own cost is seen and not that of the ORM. Each
transaction is one row of business and, but for the first measure, one record. Rounds alternate, the medians count.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from statistics import median

from django.conf import settings
from django.db import connection

from bench._writer import AFTER, write
from yanzhen.foundation.models import Record, Region
from yanzhen.foundation.records import record, record_many, seal, seal_loop, verify

WRITERS = 16
SECONDS = 3.0
ROUNDS = 5
PLAIN = (
    "insert into bench_plain (verb, subject_type, subject_id, region_id, line_id, before, after, reason)"
    " values ('move.accept', 'hotline.case', '12345', '370102', 'union', '{\"state\": \"received\"}', %s, '')"
)
RECORD = PLAIN.replace("bench_plain", "foundation_record")


def run(print: Callable[[str], None]) -> None:
    """Print the ratios; takes about a minute."""
    with connection.cursor() as cursor:
        dsn = cursor.cursor.connection.info.dsn
        cursor.execute(
            "create table bench_business (id bigserial primary key, body text);"
            "create table bench_plain (like foundation_record including defaults including indexes including identity);"
            f"grant all on all tables in schema public to {settings.WEB_ROLE}"
        )
        cursor.execute("select current_setting('fsync'), current_setting('synchronous_commit')")
        print("fsync {}, synchronous_commit {}".format(*cursor.fetchone()))
    rates: dict[str, list[float]] = {"nothing": [], "plain": [], "sealed": []}
    for _ in range(ROUNDS):
        rates["nothing"].append(_rate(dsn, None))
        rates["plain"].append(_rate(dsn, PLAIN))
        rates["sealed"].append(_while_sealing(lambda: _rate(dsn, RECORD)))
    bare, plain, sealed = (median(rates[name]) for name in ("nothing", "plain", "sealed"))
    print(f"{WRITERS} writers, business row alone      {bare:9,.0f} tx/s")
    print(f"{WRITERS} writers, + plain append          {plain:9,.0f} tx/s  {plain / bare:.2f} of it")
    print(
        f"{WRITERS} writers, + record, sealer on     {sealed:9,.0f} tx/s  {sealed / plain:.2f} of plain append"
    )
    each = sorted(s / p for s, p in zip(rates["sealed"], rates["plain"], strict=True))
    print("that ratio round by round: " + " ".join(f"{ratio:.2f}" for ratio in each))
    _in_python(print)
    _seal_and_verify(print)


def _rate(dsn: str, statement: str | None) -> float:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(WRITERS)
    counts: multiprocessing.Queue[int] = context.Queue()
    writers = [
        context.Process(target=write, args=(dsn, statement, SECONDS, ready, counts)) for _ in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    total = sum(counts.get(timeout=SECONDS + 30) for _ in writers)
    for writer in writers:
        writer.join()
    return total / SECONDS


def _while_sealing(measure: Callable[[], float]) -> float:
    stop = threading.Event()
    sealer = threading.Thread(target=seal_loop, args=(stop,))
    sealer.start()
    rate = measure()
    stop.set()
    sealer.join()
    return rate


def _in_python(print: Callable[[str], None]) -> None:
    row, after = Region(code="370102"), {"state": "accepted", "handler_id": 4711}
    with connection.cursor() as cursor:
        bare = _each(lambda: cursor.execute(RECORD, [AFTER]), 1000)
    one = _each(lambda: record("move.accept", row, actor=None, after=after), 1000)
    lines = [(row, None, after)] * 10_000
    many = _each(lambda: record_many("move.accept", lines, actor=None), 2) / len(lines)
    print(f"record() {one * 1e6:.0f} us, a bare INSERT {bare * 1e6:.0f} us, ratio {one / bare:.2f}")
    print(f"record_many() {many * 1e6:.0f} us a row at {len(lines)} rows, ratio {many / bare:.2f}")


def _each(work: Callable[[], object], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def _seal_and_verify(print: Callable[[str], None]) -> None:
    seal()
    record_many("move.accept", [(Region(code="370102"), None, {"state": "accepted"})] * 50_000, actor=None)
    start = time.process_time(), time.perf_counter()
    count, _ = seal()
    print(
        f"sealing {count} records: {(time.process_time() - start[0]) / count * 1e6:.1f} us CPU,"
        f" {(time.perf_counter() - start[1]) / count * 1e6:.1f} us wall each"
    )
    start = time.process_time(), time.perf_counter()
    findings, total = verify(), Record.objects.count()
    wall = time.perf_counter() - start[1]
    print(f"verifying {total} records: {total / wall:,.0f} a second, {len(findings)} findings")
