"""What a roster must and should hold to; reasons as the user reads them. Rules: docs/rules/rosters.md."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from yanzhen.domains.hotline.rosters.coverage import Span
from yanzhen.domains.hotline.rosters.models import LONGEST, Seat, Skill


def spelled(start: datetime, end: datetime) -> str:
    """Write a span as people read it here: the second day only where it is another."""
    first, last = timezone.localtime(start), timezone.localtime(end)
    if last.date() == first.date():
        return f"{first:%m-%d %H:%M}–{last:%H:%M}"
    if last.date() == first.date() + timedelta(days=1) and f"{last:%H:%M}" == "00:00":
        return f"{first:%m-%d %H:%M}–24:00"
    return f"{first:%m-%d %H:%M}–{last:%m-%d %H:%M}"


def takes_time(start: datetime, end: datetime) -> str | None:
    if start >= end:
        return "结束须晚于开始；跨夜的班次请把结束写成次日"
    if end - start > LONGEST:
        return f"一个班次最长 {LONGEST // timedelta(hours=1)} 小时；请分成几个班次"
    return None


def still_to_come(end: datetime, now: datetime) -> str | None:
    return None if end > now else "这段时间已经过去，不能再改；实际值守情况以通话记录为准"


def can_sit(seat: Seat | None, skill: Skill) -> str | None:
    """The account has a seat in use and the skill that the shift is for."""
    if seat is None or not seat.active:
        return "没有启用的坐席；请先由管理员在“坐席”中登记分机和 SIP 地址"
    if skill.code not in seat.skills:
        return f"坐席没有“{skill.name}”技能；请改派他人，或由管理员补登技能"
    return None


def overlap(who: str, where: str, other: Span, this: Span) -> str:
    """Say which two shifts of one person meet, and what to do."""
    return f"{who} {spelled(*other)} 已排在{where}，与 {spelled(*this)} 重叠；一人同一时间只能在一处值班，请改时间、换人，或先取消原班次"


def short_rest(who: str, spans: Iterable[Span], hours: int) -> list[str]:
    """Name the neighbours among `spans` of one person that lie closer together than `hours`; those that touch are one."""
    found = []
    least = timedelta(hours=hours)
    ordered = sorted(spans)
    for before, after in pairwise(ordered):
        rest = after.start - before.end
        if timedelta() < rest < least:
            found.append(
                f"{who} {spelled(*before)} 与 {spelled(*after)} 之间只休息 {_lasting(rest)}，少于 {hours} 小时"
            )
    return found


def _lasting(rest: timedelta) -> str:
    """Write a time in hours and minutes, without what is none; under a minute is one."""
    hours, minutes = divmod(max(1, rest // timedelta(minutes=1)), 60)
    words = ((hours, "小时"), (minutes, "分钟"))
    return " ".join(f"{n} {unit}" for n, unit in words if n)
