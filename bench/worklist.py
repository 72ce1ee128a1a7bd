"""Reading lists at a million cases: the page beside the bare SQL of the same page, and what the second wall costs."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test import Client

from bench.province import CASES, province, web_role
from yanzhen.domains.hotline.queries import worklist
from yanzhen.faces.console.keys import SIZE, page_of
from yanzhen.faces.console.lists import ORDERS
from yanzhen.foundation.models import Account, Grant, Role
from yanzhen.foundation.scope import database_scope

LISTS = {
    "newest": "", "running": "state=handling", "all open": "state=open", "to do": "box=to-do", "done": "box=done",
    "mine": "handler=我", "of a unit": "organisation=历下区总工会", "of unions": "organisation=总工会",
}  # fmt: skip
DEEP = 1001
"""A page far down; a county has no more than a hundred and thirty."""

BARE = """
select id, number, title, state, due_at from hotline_case
where region_id like %s order by started_at desc, id desc limit 51
"""


def run(say: Callable[[str], None]) -> None:
    with province(CASES):
        # as a web process does once it has loaded what it serves
        import_module(settings.ROOT_URLCONF)
        gc.collect()
        gc.freeze()
        for name, region in (("province", "370000"), ("city", "370200"), ("county", "371623")):
            _one(say, name, region)


def _one(say: Callable[[str], None], name: str, region: str) -> None:
    account = Account.objects.create_user(f"bench-{name}", name=name)
    for role in ("leader", "handler", "dispatcher"):
        Grant.objects.create(
            account=account, role=Role.objects.get(code=role), region_id=region, line_id="union"
        )
    client = Client(headers={"host": "localhost"})
    client.force_login(account)
    deep, number = _deep(account)
    with web_role():
        for label, query in LISTS.items():
            url = f"/console/cases/?{query}"
            page = _p95(lambda url=url: _get(client, url))
            web, database = _cpu(lambda url=url: _get(client, url))
            say(
                f"worklist {name:9} {label:10} p95 {page * 1000:7.1f} ms, CPU {web:5.1f} web + {database:4.1f} database ms"
                f" at {CASES:,} cases"
            )
        page = _p95(lambda: _get(client, deep))
        web, database = _cpu(lambda: _get(client, deep))
        say(
            f"worklist {name:9} page {number:,} p95 {page * 1000:7.1f} ms, CPU {web:5.1f} web + {database:4.1f} database ms"
        )
    bare = _p95(lambda: _rows(region.rstrip("0") + "%"))
    say(f"worklist {name:9} bare SQL p95 {bare * 1000:7.1f} ms without walls, page/bare {page / bare:.1f}x")
    _walls(say, name, account)


def _walls(say: Callable[[str], None], name: str, account: Account) -> None:
    """Read the same rows as the owner of the tables, whom the second wall does not bind, and as the web's role."""
    rows = worklist(account).order_by("-started_at", "-pk")[:50]
    one = _p95(lambda: list(rows.all()))
    with web_role(), database_scope(account.audience_keys()):
        two = _p95(lambda: list(rows.all()))
    say(
        f"walls    {name:9} newest 50: queryset alone {one * 1000:6.1f} ms, with row-level security {two * 1000:6.1f} ms,"
        f" {two / one:.2f}x"
    )


def _get(client: Client, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 200, response.status_code


def _deep(account: Account) -> tuple[str, int]:
    """Return the address of page DEEP, or of the last full one, and its number."""
    rows = worklist(account)
    with web_role(), database_scope(account.audience_keys()):
        number = min(DEEP, rows.count() // SIZE)
        before = page_of(rows, ORDERS["new"], size=(number - 1) * SIZE)
    return f"/console/cases/?cursor={before.following}", number


def _cpu(work: Callable[[], None], times: int = 40) -> tuple[float, float]:
    """Return the CPU of one run in milliseconds: of this process, and of its server process in the database."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (pid,) = cursor.fetchone()
    mine, theirs = time.process_time(), cpu_of(pid)
    for _ in range(times):
        work()
    return (time.process_time() - mine) / times * 1000, (cpu_of(pid) - theirs) / times * 1000


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rows(prefix: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BARE, [prefix])
        cursor.fetchall()


def _p95(work: Callable[[], None], times: int = 100) -> float:
    work()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.quantiles(taken, n=20)[-1]
