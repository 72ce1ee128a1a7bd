"""Reading lists at a million cases: the page beside the bare SQL of the same page, and what the second wall costs."""

from __future__ import annotations

import html
import re
import statistics
import time
from collections.abc import Callable

from django.db import connection
from django.test import Client

from bench.province import CASES, province, web_role
from yanzhen.domains.hotline.queries import worklist
from yanzhen.foundation.models import Account, Grant, Role
from yanzhen.foundation.scope import database_scope

BARE = """
select id, number, title, state, due_at from hotline_case
where region_id like %s order by started_at desc, id desc limit 51
"""


def run(say: Callable[[str], None]) -> None:
    with province(CASES):
        for name, region in (("province", "370000"), ("city", "370200"), ("county", "371623")):
            _one(say, name, region)


def _one(say: Callable[[str], None], name: str, region: str) -> None:
    account = Account.objects.create_user(f"bench-{name}", name=name)
    Grant.objects.create(
        account=account, role=Role.objects.get(code="leader"), region_id=region, line_id="union"
    )
    client = Client(headers={"host": "localhost"})
    client.force_login(account)
    with web_role():
        for label, url in (("newest", "/console/cases/"), ("running", "/console/cases/?state=handling")):
            page = _p95(lambda url=url: _get(client, url))
            say(f"worklist {name:9} {label:8} p95 {page * 1000:7.1f} ms at {CASES:,} cases")
        found = re.search(r'href="\?([^"]+)"\s+rel="next"', client.get("/console/cases/").content.decode())
        assert found
        page = _p95(lambda: _get(client, f"/console/cases/?{html.unescape(found[1])}"))
        say(f"worklist {name:9} by key   p95 {page * 1000:7.1f} ms")
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
