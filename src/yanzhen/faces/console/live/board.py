"""What the supervisor's page shows, each number with the list it counts. Nine statements however much there is.

A number is left out where the account has no right to its list; it counts what that list shows to the account.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.domains.hotline import queries as cases
from yanzhen.domains.hotline.calls import queries as calls
from yanzhen.domains.hotline.calls.indicators import CONNECTED, IN_TIME
from yanzhen.domains.hotline.hotspots import queries as hotspots
from yanzhen.domains.hotline.procedures import CASE
from yanzhen.domains.hotline.rosters import busy
from yanzhen.domains.hotline.rosters import queries as rosters
from yanzhen.domains.hotline.rosters.models import Shift
from yanzhen.engines.indicators.declare import Period
from yanzhen.engines.indicators.figures import Figure, figures
from yanzhen.faces.console.calls.desk import CALL_BACKS
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.filters import due_q, midnight
from yanzhen.faces.console.keys import counts_of
from yanzhen.faces.places import region_by_code
from yanzhen.foundation.models import Account
from yanzhen.foundation.outbox.deliveries import deliveries_of

DAY = timedelta(days=1)
CAP = 10_000
"""A box counts up to here: who runs a shift has to know how many wait, not that they are more than a list says."""
Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Counted:
    """A number to be shown: the rows it counts, the list of them, and what is wrong with some of them."""

    group: str
    code: str
    label: str
    rows: Rows
    url: str
    tone: str = ""
    """How the number looks when it is not nought."""
    late: Rows | None = None
    late_url: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """`count` and `late` are CAP + 1 where there is more; `figure` stands instead of a count."""

    code: str
    label: str
    url: str
    count: int = 0
    figure: Figure | None = None
    tone: str = ""
    late: int = 0
    late_url: str = ""
    since: datetime | None = None
    """Since when the oldest of them waits."""


@dataclass(frozen=True, slots=True)
class Agent:
    shift: Shift
    label: str
    tone: str


@dataclass(frozen=True, slots=True)
class Board:
    """`agents` is None for whoever may not see rosters."""

    groups: list[tuple[str, list[Tile]]]
    agents: list[Agent] | None


def board_of(account: Account, now: datetime) -> Board:
    wanted = list(_wanted(account, now))
    named = {each.code: each.rows for each in wanted}
    named |= {f"{each.code}/late": each.late for each in wanted if each.late is not None}
    counts = counts_of(named, CAP)
    groups: dict[str, list[Tile]] = {}
    for each in wanted:
        since = (
            calls.waiting(account).values_list("started_at", flat=True).first()
            if each.code == "waiting"
            else None
        )
        count, late = counts[each.code], counts.get(f"{each.code}/late", 0)
        tile = Tile(
            each.code, each.label, each.url, count, tone=each.tone if count else "",
            late=late, late_url=each.late_url, since=since,
        )  # fmt: skip
        groups.setdefault(each.group, []).append(tile)
    if account.reaches("call.view"):
        groups["电话"] += _rates(account)
    agents = _agents(account, now) if account.reaches(rosters.VIEW) else None
    return Board([(gettext(label), tiles) for label, tiles in groups.items()], agents)


def _wanted(account: Account, now: datetime) -> Iterator[Counted]:
    if account.reaches("call.view"):
        yield from _of_calls(account)
    if account.reaches("case.view"):
        yield from _of_cases(account)
    yield from _of_warnings(account, now)


def _of_calls(account: Account) -> Iterator[Counted]:
    listed = reverse("console:calls-all")
    waiting = calls.waiting(account)
    backs = reverse("console:list", args=[CALL_BACKS])
    yield Counted(
        "电话",
        "ringing",
        gettext("正在振铃"),
        calls.ringing(account),
        f"{listed}?result=ringing&direction=in",
        "amber",
    )
    yield Counted(
        "电话", "talking", gettext("正在通话"), calls.talking(account), f"{listed}?result=talking", "blue"
    )
    yield Counted(
        "电话", "waiting", gettext("待回拨"), waiting, f"{backs}?state=waiting&order=due", "amber",
        waiting.filter(due_q("overdue")), f"{backs}?state=waiting&due=overdue&order=due",
    )  # fmt: skip


def _of_cases(account: Account) -> Iterator[Counted]:
    rows, listed = cases.worklist(account), reverse("console:list", args=[CASES])
    today = timezone.localdate()
    for state in CASE.states:
        if state.final:
            continue
        here = rows.filter(state=state.code, ended_at=None)
        url = f"{listed}?{urlencode({'state': state.code, 'order': 'due'})}"
        yield Counted(
            "工单",
            f"state-{state.code}",
            gettext(state.label),
            here,
            url,
            "",
            here.filter(due_q("overdue")),
            f"{url}&due=overdue",
        )
    soon = rows.filter(due_q("day"), ended_at=None)
    yield Counted(
        "工单", "soon", gettext("24 小时内到期"), soon, f"{listed}?state=open&due=day&order=due", "amber"
    )
    told = cases.escalated_since(rows, midnight(today))
    yield Counted("工单", "escalated", gettext("今日督办"), told, f"{listed}?escalated_from={today}", "red")


def _of_warnings(account: Account, now: datetime) -> Iterator[Counted]:
    if account.reaches("hotspot.view"):
        alerts = hotspots.alerts(account).filter(closed_at=None)
        yield Counted("预警", "alerts", gettext("热点预警"), alerts, reverse("console:hotspots"), "amber")
    if account.reaches(rosters.VIEW):
        holes = rosters.alarms(account).filter(starts_at__lt=now + DAY, ends_at__gt=now)
        yield Counted("预警", "holes", gettext("24 小时内的空班"), holes, reverse("console:coverage"), "red")
    if account.reaches("outbox.view"):
        listed = reverse("console:deliveries")
        for state, label, tone in (
            ("failing", gettext("重试中的通知"), "amber"),
            ("dead", gettext("未送达的通知"), "red"),
        ):
            yield Counted(
                "预警", state, label, deliveries_of(account, state=state), f"{listed}?state={state}", tone
            )


def _rates(account: Account) -> list[Tile]:
    """Return today's rates, as the figures page has them."""
    province = region_by_code(settings.PROVINCE)
    if province is None:
        return []
    today = timezone.localdate()
    found = figures([CONNECTED, IN_TIME], account=account, region=province, period=Period.day(today))
    return [
        Tile(
            code.rpartition(".")[2],
            gettext("今日%s") % gettext(each.indicator.label),
            f"{reverse('console:records', args=[code])}?{urlencode({'region': province.code, 'period': today})}",
            figure=each,
        )
        for code, each in found.items()
    ]


def _agents(account: Account, now: datetime) -> list[Agent]:
    """Return who is on duty: on the telephone, away, or free. Whether they talk is known wherever the call is."""
    shifts = list(rosters.on_duty(account, now))
    talking = busy.talking() if shifts else frozenset()
    return [_agent(shift, talking=shift.account_id in talking) for shift in shifts]


def _agent(shift: Shift, *, talking: bool) -> Agent:
    presence = getattr(shift.account, "presence", None)
    if talking:
        return Agent(shift, gettext("通话中"), "blue")
    if presence and presence.away:
        return Agent(shift, gettext("暂离"), "amber")
    return Agent(shift, gettext("空闲"), "green")
