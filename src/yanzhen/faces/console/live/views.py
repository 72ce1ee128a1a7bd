"""The shift supervisor's page: how the hotline stands now. It asks for itself anew; without scripts it is reloaded."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from yanzhen.faces.console.live.board import CAP, board_of
from yanzhen.faces.console.pages import page, show
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.login.middleware import unattended
from yanzhen.foundation.errors import NotAllowed

RIGHTS = ("case.supervise", "call.view")


@page("GET", "HEAD")
def live(request: AccountRequest) -> HttpResponse:
    return _shown(request, "console/live/live.html")


@page("GET", "HEAD")
@unattended
def now(request: AccountRequest) -> HttpResponse:
    return _shown(request, "console/live/_now.html")


def _shown(request: AccountRequest, template: str) -> HttpResponse:
    if not any(request.user.reaches(right) for right in RIGHTS):
        raise NotAllowed("您没有“督办”或“查看通话和回拨任务”权限，请联系管理员授权")
    at = timezone.now()
    return show(request, template, {"board": board_of(request.user, at), "at": at, "cap": CAP})
