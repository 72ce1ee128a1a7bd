"""Rosters: who is next with 260 seats and 10,000 shifts, and the proof of thirty days beside a look at every minute."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from yanzhen.domains.hotline.rosters import queries, routing, skills
from yanzhen.domains.hotline.rosters.coverage import Coverage, Duty, Span, holes, ladder
from yanzhen.domains.hotline.rosters.models import Seat, Shift
from yanzhen.foundation import calendar, crypto, parameters, regions
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import EVERYTHING, database_scope

SEATS, SHIFTS, CALLS = 260, 10_000, 2_000
SPEAKS = ("general", "law", "english")
AREAS = ("0531", "0532", "0535", "0539")


def run(say: Callable[[str], None]) -> None:
    regions.load()
    regions.load_lines()
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()
    skills.load()
    start = timezone.now().replace(minute=0, second=0, microsecond=0)
    with database_scope({EVERYTHING}):
        _fill(start)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
        cursor.execute(f"set role {settings.WEB_ROLE}")
    try:
        _route(say, start)
        _proof(say, start)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("reset role")


def _fill(start: datetime) -> None:
    """260 people in the places of the province; each has eight hours of every twenty-four, 10,000 shifts in all."""
    dice = random.Random(12351)  # noqa: S311  # the same roster every time
    codes = queries.regions()
    people = Account.objects.bulk_create(
        Account(username=f"bench-seat-{n}", name=f"坐席{n}") for n in range(SEATS)
    )
    Seat.objects.bulk_create(
        Seat(account=who, extension=str(8000 + n), address=f"sip:{8000 + n}@10.0.0.5", skills=[SPEAKS[n % 3]])
        for n, who in enumerate(people)
    )
    each = SHIFTS // SEATS + 1
    rows = []
    for n, who in enumerate(people):
        region, first = codes[n % len(codes)], start + timedelta(hours=dice.randrange(24))
        rows += [
            Shift(
                account=who, region_id=region, line_id="union", skill_id=SPEAKS[n % 3],
                starts_at=first + timedelta(days=day - 5), ends_at=first + timedelta(days=day - 5, hours=8),
            )
            for day in range(each)
        ]  # fmt: skip
    Shift.objects.bulk_create(rows[:SHIFTS], batch_size=2_000)


def _route(say: Callable[[str], None], start: datetime) -> None:
    dice = random.Random(7)  # noqa: S311  # the same calls every time
    bare, whole, cpu, server = [], [], time.process_time(), _server_cpu()
    for n in range(CALLS):
        caller = f"{dice.choice(AREAS)}{dice.randrange(10**7, 10**8)}"
        at = start + timedelta(minutes=dice.randrange(60 * 24 * 20))
        begun = time.perf_counter()
        answer = routing.route_call(caller=caller, called="12351", call_id=f"bench-{n}", at=at)
        whole.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("select 1")
            cursor.fetchone()
        bare.append(time.perf_counter() - begun)
        assert answer.why
    spent, served = (
        (now - then) * 1000 / CALLS for now, then in ((time.process_time(), cpu), (_server_cpu(), server))
    )
    p50, p99 = (statistics.quantiles(whole, n=100)[k] * 1000 for k in (49, 98))
    floor = statistics.median(bare) * 1000
    say(
        f"route    {SEATS} seats, {SHIFTS:,} shifts: p50 {p50:.1f} ms, p99 {p99:.1f} ms;"
        f" CPU {spent:.2f} ms a call, and {served:.2f} ms in the server"
    )
    say(f"route    a bare statement takes {floor:.2f} ms; a route is {p50 / floor:.0f} of them")


def _server_cpu() -> float:
    """Return the seconds of CPU that the connection's server process has taken; it runs on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (pid,) = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _proof(say: Callable[[str], None], start: datetime) -> None:
    span = Span(start, start + queries.HORIZON)
    begun = time.perf_counter()
    duties = queries.duties(span)
    read = time.perf_counter() - begun
    codes = queries.regions()
    begun, cpu = time.perf_counter(), time.process_time()
    found = holes(Coverage.of(duties, span), codes, SPEAKS)
    swept, spent = time.perf_counter() - begun, time.process_time() - cpu
    begun = time.perf_counter()
    minutes = _every_minute(duties, span, codes[:3])
    brute = (time.perf_counter() - begun) * len(codes) / 3
    named = sum(
        int((hole.end - hole.start) / timedelta(minutes=1)) for hole in found if hole.region in codes[:3]
    )
    assert named == minutes, (named, minutes)
    say(
        f"proof    {len(codes)} regions x 30 days x {len(SPEAKS)} skills, {len(duties):,} duties:"
        f" read {read * 1000:.0f} ms, sweep {swept * 1000:.0f} ms (CPU {spent * 1000:.0f} ms), {len(found):,} holes"
    )
    say(
        f"proof    every minute, from three regions on: {brute:.0f} s, {brute / swept:.0f}x the sweep; same minutes"
    )


def _every_minute(duties: list[Duty], span: Span, codes: list[str]) -> int:
    """Count bare minutes by looking at each of them, with the duties of a place sorted out before."""
    count = 0
    for code in codes:
        for skill in SPEAKS:
            here = [d for d in duties if d.skill == skill and d.region in ladder(code)]
            at = span.start
            while at < span.end:
                count += not any(d.start <= at < d.end for d in here)
                at += timedelta(minutes=1)
    return count
