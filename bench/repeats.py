"""Likely repeats of an appeal among many cases: what the agent waits for, beside a plain look through the same window.

The worst kind of texts: all say the same but for a number, so every key of the index is shared by all of them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from os import environ

from django.db import connection

from bench.province import province, web_role
from yanzhen.domains.hotline.hotspots.sources import KIND
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats.candidates import candidates
from yanzhen.domains.hotline.repeats.traces import name_hash
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.engines.similarity import index
from yanzhen.engines.similarity.fingerprint import sketch
from yanzhen.engines.similarity.text import text_normal
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account, Grant, Role
from yanzhen.foundation.scope import database_scope

CASES = int(environ.get("YANZHEN_BENCH_REPEATS", "200000"))
TEXTS = 20_000
"""The newest, whose texts are indexed."""
RUNS = 40
PLAIN = """
select id from hotline_case where received_at >= now() - interval '180 days'
    and (phone_hash = %s or employer like %s or place = %s) order by received_at desc limit 50
"""
PHONE = "1380000{:04}"


def run(say: Callable[[str], None]) -> None:
    with province(CASES):
        _fill()
        for name, region in (("province", "370000"), ("city", "370200"), ("county", "371623")):
            account = Account.objects.create_user(f"bench-{name}", name=name)
            role = Role.objects.get(code="dispatcher")
            Grant.objects.create(account=account, role=role, region_id=region, line_id="union")
            with web_role(), database_scope(account.audience_keys()):
                found, taken = _asked(account)
            spent = statistics.median(taken)
            say(
                f"repeats {name:9} p50 {spent * 1000:6.1f} ms, p95 {sorted(taken)[-2] * 1000:6.1f} ms at {CASES:,} cases,"
                f" {found} found of {RUNS}"
            )
        plain = statistics.median(_plain(n) for n in range(5))
        say(
            f"plain look at phone, employer and place, no text: {plain * 1000:.0f} ms, {plain / spent:.1f}x the last"
        )


def _fill() -> None:
    """Give the cases phones, traces and, the newest, keys."""
    crypto.begin()
    phones = [crypto.keyed_hash(PHONE.format(n), purpose="phone") for n in range(5000)]
    names = [name_hash(f"演示单位{n}") for n in range(5000)]
    with connection.cursor() as cursor:
        cursor.execute("create temp table given (n int primary key, phone bytea, employer int)")
        cursor.executemany(
            "insert into given values (%s, %s, %s)",
            [(n, phone, name) for n, (phone, name) in enumerate(zip(phones, names, strict=True))],
        )
        cursor.execute(
            "update hotline_case set phone_hash = phone, place = '工地' || id % 3000 from given where n = id % 5000"
        )
        cursor.execute(
            "insert into repeats_trace (record, employer) select c.id, g.employer from hotline_case c"
            " join given g on '演示单位' || g.n = c.employer"
        )
        newest = Case.objects.order_by("-received_at")[:TEXTS].values_list("pk", "title", "body")
        keys = {pk: sketch(text_normal(f"{title}\n{body}")) for pk, title, body in newest}
        index.copy_keys(index.live_corpus(KIND), keys)
        for table in ("hotline_case", "repeats_trace", "similarity_key"):
            cursor.execute(f"vacuum analyze {table}")


def _asked(account: Account) -> tuple[int, list[float]]:
    """Ask for RUNS appeals; return how many had a likely repeat, and the seconds of each."""
    found, taken = 0, []
    for n in range(RUNS):
        appeal = Appeal(
            body=f"单位拖欠三个月工资，请求帮助追讨。编号 {n * 97}",
            region="370102",
            phone=PHONE.format(n * 97),
            employer=f"演示单位{n * 97}",
            place=f"工地{n}",
        )
        begun = time.perf_counter()
        found += bool(candidates(appeal, account))
        taken.append(time.perf_counter() - begun)
    return found, taken


def _plain(n: int) -> float:
    phone = crypto.keyed_hash(PHONE.format(n * 97), purpose="phone")
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(PLAIN, [phone, f"%演示单位{n * 97}%", f"工地{n}"])
        cursor.fetchall()
    return time.perf_counter() - begun
