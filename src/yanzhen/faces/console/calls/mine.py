"""The agent's page: the call that rings or runs at the seat pops up by itself, and what is left to finish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from yanzhen.domains.hotline.calls import queries
from yanzhen.domains.hotline.calls.models import Call, CallBack
from yanzhen.domains.hotline.models import Case
from yanzhen.faces.console.calls.desk import CALL_BACKS
from yanzhen.faces.console.calls.lines import Line, lines, titled
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.pages import page, show
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.login.middleware import unattended
from yanzhen.foundation.errors import NotAllowed

POPPED = 3
"""Calls shown with all that is known of them; a seat has seldom more than one."""


@dataclass(frozen=True, slots=True)
class Pop:
    """A call with what the agent should know before the first word."""

    call: Call
    line: Line
    cases: list[tuple[Case, str]]
    call_back: CallBack | None


@page("GET", "HEAD")
def mine(request: AccountRequest) -> HttpResponse:
    _demand(request)
    return show(request, "console/calls/mine.html", _now(request))


@page("GET", "HEAD")
@unattended
def now(request: AccountRequest) -> HttpResponse:
    """Return what changed at the seat, 204 where nothing did: asked more than once a second, so that costs one statement."""
    _demand(request)
    calls = list(queries.at_seat(request.user)[: queries.MOST_SHOWN])
    if queries.version_of(calls) == request.GET.get("seen"):
        return HttpResponse(status=204)
    return show(request, "console/calls/_now.html", _now(request, calls))


def _now(request: AccountRequest, calls: list[Call] | None = None) -> dict[str, Any]:
    calls = list(queries.at_seat(request.user)[: queries.MOST_SHOWN]) if calls is None else calls
    account = request.user
    pops = [
        Pop(c, line, titled(queries.cases_of(c, account), account), queries.open_call_back(c, account))
        for c, line in zip(calls[:POPPED], lines(calls[:POPPED], account), strict=True)
    ]
    return {
        "pops": pops,
        "rest": lines(calls[POPPED:], account),
        "seen": queries.version_of(calls),
        "cases_desk": CASES,
        "call_backs_desk": CALL_BACKS,
        "registers": bool(account.reaches("case.register")),
    }


def _demand(request: AccountRequest) -> None:
    if not request.user.reaches("call.view"):
        raise NotAllowed("您没有“查看通话和回拨任务”权限，请联系管理员授权")
