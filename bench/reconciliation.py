"""What comparing one day costs at a million cases and ten million records, next to reading the day's cases by index."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from bench.province import CASES, province
from yanzhen.domains.hotline.reconciliation.declare import SOURCES, bounds

PER_CASE = 10
NUMBERED = """
update hotline_case c set number = s.code || '-' || lpad(s.n::text, 5, '0') || '-X'
from (select id, 'GD' || region_id || '-' || to_char(started_at at time zone 'Asia/Shanghai', 'YYYYMMDD') as code,
        row_number() over (partition by region_id, (started_at at time zone 'Asia/Shanghai')::date order by id) as n
      from hotline_case) s
where s.id = c.id;
insert into foundation_series (code, last) select left(number, 17), count(*) from hotline_case group by 1;
insert into foundation_record (tx, at, verb, subject_type, subject_id, region_id, line_id, reason)
select pg_current_xact_id(), started_at, case when k = 1 then 'start' else 'move.accept' end, 'hotline.case', id::text, region_id, line_id, ''
from (select id, started_at, region_id, line_id from hotline_case order by started_at) c, generate_series(1, %(each)s) k
order by started_at;
insert into foundation_replay (sender, key, fingerprint, status, answer, at)
select 'portal', id::text, '', 201, jsonb_build_object('number', number, 'region', region_id), started_at
from hotline_case where started_at >= now() - interval '30 days';
update hotline_case set channel = 'web' where started_at >= now() - interval '30 days';
"""
PLAIN = "select count(number) from hotline_case where started_at >= %(start)s and started_at < %(end)s"


def run(say: Callable[[str], None]) -> None:
    """Print seconds for each source on the day before yesterday; filling takes some minutes."""
    with province(CASES):
        with connection.cursor() as cursor:
            cursor.execute(NUMBERED, {"each": PER_CASE})
            cursor.execute("vacuum analyze hotline_case; vacuum analyze foundation_record")
            cursor.execute("analyze foundation_replay; analyze foundation_series")
            day = timezone.localdate() - timedelta(days=2)
            plain = _took(lambda: cursor.execute(PLAIN, bounds(day)))
        say(
            f"{CASES:,} cases, {CASES * PER_CASE:,} records; one day's cases by index alone {plain * 1e3:6.1f} ms"
        )
        whole = 0.0
        for source in SOURCES:
            took = _took(lambda source=source: (say(f"  {source.count(day)}"), source.differences(day)))
            whole += took
            say(f"{source.code:8} {took * 1e3:7.0f} ms, {len(source.differences(day))} differences")
        say(f"all      {whole * 1e3:7.0f} ms")


def _took(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
