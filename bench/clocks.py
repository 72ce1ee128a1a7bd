"""Clocks: finding what is due among a hundred thousand running ones, and ten thousand escalations by two sweeps at once."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from bench.province import province
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures import ladder, sweep
from yanzhen.engines.procedures.models import Escalation
from yanzhen.foundation import parameters
from yanzhen.foundation.calendar import load_calendar
from yanzhen.foundation.models import Record
from yanzhen.foundation.scope import EVERYTHING, database_scope

CASES = int(os.environ.get("YANZHEN_BENCH_RUNNING", "100000"))
DUE = 10_000
SWEEPS = 2
RUN = """
update hotline_case set state = 'handling', ended_at = null, quality_passed = null;
insert into procedures_clock (procedure, subject_id, label, parameter_id, started_at, extension, pauses, due_at,
    provisional, rung, rung_at)
select 'hotline.case', s.id, '办理时限', %(parameter)s, %(now)s, 0, '[]', at, false, 0, at
from (select id, %(now)s::timestamptz + (row_number() over (order by id) - %(due)s) * interval '1 second' as at
      from hotline_case) s;
"""
FIND = """
select c.id from procedures_clock c join hotline_case s on s.id = c.subject_id
where c.stopped_at is null and c.{mark} is null and c.{at} <= %s and c.procedure = 'hotline.case'
order by c.{at} limit 1000
"""


def run(say: Callable[[str], None]) -> None:
    with province(CASES):
        now = _opening(timezone.now())
        handling = parameters.get("hotline.handling", on=timezone.localdate(now))
        with connection.cursor() as cursor:
            cursor.execute(RUN, {"parameter": handling.pk, "now": now, "due": DUE})
            cursor.execute("vacuum analyze procedures_clock")
            cursor.execute("vacuum analyze hotline_case")
        for label, mark, at in (("to warn", "warned_at", "warn_at"), ("run out", "overdue_at", "due_at")):
            say(f"clocks {label:8} found in {_find(mark, at, now):6.1f} ms among {CASES:,} running")
        taken = _at_once(_mark, now)
        say(f"marks  {DUE:,} in {taken:.1f} s, {SWEEPS} sweeps at once, {_times('clock.overdue')}")
        taken = _at_once(_climb, now)
        told = Escalation.objects.count()
        twice = told - Escalation.objects.values("clock").distinct().count()
        say(
            f"ladder {told:,} escalations in {taken:.1f} s, {SWEEPS} sweeps at once, {twice} twice, {_times('escalate')}"
        )


def _opening(now: datetime) -> datetime:
    return load_calendar().duty_time(now + timedelta(days=1))


def _find(mark: str, at: str, now: datetime) -> float:
    """Return the median of a look at what is due, in milliseconds."""
    taken = []
    with connection.cursor() as cursor:
        for _ in range(20):
            begun = time.perf_counter()
            cursor.execute(FIND.format(mark=mark, at=at), [now])
            cursor.fetchall()
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


def _at_once(work: Callable[[datetime], None], now: datetime) -> float:
    connection.close()
    processes = [multiprocessing.get_context("fork").Process(target=work, args=(now,)) for _ in range(SWEEPS)]
    begun = time.perf_counter()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert not any(process.exitcode for process in processes)
    return time.perf_counter() - begun


def _mark(now: datetime) -> None:
    with database_scope({EVERYTHING}):
        sweep.mark_due(now)


def _climb(now: datetime) -> None:
    with database_scope({EVERYTHING}):
        ladder.climb(now)


def _times(verb: str) -> str:
    rows = Record.objects.filter(verb=verb, subject_type=Case._meta.label_lower)
    return f"{rows.count():,} records"
