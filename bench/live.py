"""The supervisor's page at a million cases, and figures by dimension: CPU of the web process apart from the wait for SQL."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.province import CASES, province, web_role
from yanzhen.domains.hotline import indicators
from yanzhen.engines.indicators.declare import Period
from yanzhen.engines.indicators.figures import breakdowns
from yanzhen.faces.console.live.board import board_of
from yanzhen.foundation.models import Account, Grant, Region, Role
from yanzhen.foundation.scope import database_scope

MANY = [indicators.CLOSED, indicators.ON_TIME, indicators.RESOLVED, indicators.SATISFIED]
TIMES = 15


def run(say: Callable[[str], None]) -> None:
    with province(CASES):
        for name, region in (("province", "370000"), ("city", "370200"), ("county", "371623")):
            _board(say, name, region)
        _breakdowns(say)


def _board(say: Callable[[str], None], name: str, region: str) -> None:
    account = _leader(name, region)
    with web_role(), database_scope(account.audience_keys()):
        with CaptureQueriesContext(connection) as context:
            board_of(account, timezone.now())
        wall, cpu = _median(lambda: board_of(account, timezone.now()))
    say(
        f"live {name:9} {wall:7.1f} ms of which {cpu:6.1f} ms CPU of the web, {len(context)} statements, {CASES:,} cases"
    )


def _breakdowns(say: Callable[[str], None]) -> None:
    """Compare each breakdown of a month with that by region, which is what there was before."""
    account, region = _leader("figures", "370000"), Region.objects.get(code=settings.PROVINCE)
    last = timezone.localdate().replace(day=1) - timedelta(days=1)
    period = Period.month(last.year, last.month)
    with web_role(), database_scope(account.audience_keys()):
        base = None
        for by in ("region", "line", "agent", "category", "hour", "channel"):
            wall, _cpu = _median(
                lambda by=by: breakdowns(MANY, account=account, region=region, period=period, by=by)
            )
            base = base or wall
            say(
                f"figures by {by:9} {wall:7.1f} ms a month of {len(MANY)} figures, {wall / base:.2f}x by region"
            )
        once = indicators.FIRST_CONTACT
        wall, _cpu = _median(lambda: breakdowns([once], account=account, region=region, period=period))
        say(f"first contact by region {wall:7.1f} ms a month, {wall / base:.2f}x the four above")


def _leader(name: str, region: str) -> Account:
    account = Account.objects.create_user(f"bench-live-{name}", name=name)
    Grant.objects.create(
        account=account, role=Role.objects.get(code="leader"), region_id=region, line_id="union"
    )
    return account


def _median(act: Callable[[], object]) -> tuple[float, float]:
    """Return the median of wall and CPU time of this process, in ms."""
    walls, cpus = [], []
    for _ in range(TIMES):
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    return statistics.median(walls), statistics.median(cpus)
