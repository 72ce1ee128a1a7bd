"""Why an application may not move, by its round, the clock and the places that are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

if TYPE_CHECKING:
    from yanzhen.engines.programmes.models import Application
    from yanzhen.engines.programmes.notices.models import Objection


def round_goes_on(subject: Application | Objection) -> str | None:
    """轮次没有暂停。"""
    return subject.round.standstill


def round_is_open(application: Application) -> str | None:
    """在申报期内。"""
    held = application.round
    stage = held.stage_now
    if held.status != held.Status.RUNNING or stage.kind != "apply":
        return f"{held} 现为“{stage.label}”环节，已不接受申报"
    window = held.window(stage.code)
    now = timezone.now()
    if now < window.opens_at:
        return f"申报于 {timezone.localtime(window.opens_at):%Y-%m-%d %H:%M} 开始"
    if now >= window.closes_at:
        return f"申报已于 {timezone.localtime(window.closes_at):%Y-%m-%d %H:%M} 截止"
    return None


def quota_is_left(application: Application) -> str | None:
    """本级推荐名额未用完。"""
    from yanzhen.engines.programmes.quotas import places_left  # noqa: PLC0415  # it asks this module's applications

    return places_left(application)


def quota_holds(application: Application) -> str | None:
    """本级推荐名额在提交时仍未用完。"""
    from yanzhen.engines.programmes.quotas import places_left  # noqa: PLC0415  # it asks this module's applications

    return places_left(application, locked=True)


def notice_is_over(application: Application) -> str | None:
    """公示期满。"""
    ends = application.round.notice_ends_at
    if ends is None:
        return "还没有公示：请先发布公示"
    return (
        None
        if timezone.now() >= ends
        else f"公示至 {timezone.localtime(ends):%Y-%m-%d %H:%M}，期满后方可认定"
    )
