"""When somebody counts as not reached, who may look again, and how a sample is drawn. Sources: docs/rules/closing.md."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal

from yanzhen.domains.hotline.closing.models import Attempt, Unreasonable

Outcome, Slot = Attempt.Outcome, Attempt.Slot
SLOTS = (Slot.MORNING, Slot.AFTERNOON, Slot.EVENING)
UNREACHED = frozenset({Outcome.NO_ANSWER, Outcome.BUSY, Outcome.LATER})
"""Outcomes after which another call makes sense. Who refuses was reached; a wrong number stays wrong."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A call as the rules see it: the day and the part of the day on which it was made, and what came of it."""

    day: date
    slot: str
    outcome: str
    again_at: datetime | None = None


def slot_at(hour: Decimal, bounds: Sequence[Decimal]) -> str:
    """Return the part of the day in which `hour` lies; `bounds` are where morning, afternoon and evening begin and
    evening ends. A beginning is included, an end is not."""
    inside = [
        slot for slot, first, after in zip(SLOTS, bounds, bounds[1:], strict=False) if first <= hour < after
    ]
    return inside[0] if inside else Slot.OFF


def wanted_slots(tries: Sequence[Tried]) -> list[str]:
    """Return the parts of the day in which a call would tell something new; all of them once two were tried."""
    used = {t.slot for t in tries if t.outcome in UNREACHED} - {Slot.OFF}
    return [slot for slot in SLOTS if slot not in used or len(used) > 1]


def what_is_missing(tries: Sequence[Tried], *, needed: int, now: datetime) -> str | None:
    """Return what has to be tried before the caller counts as not reached, or None. `tries` are in order of time."""
    outcomes = {t.outcome for t in tries}
    if outcomes & {Outcome.REFUSED, Outcome.WRONG}:
        return None
    if Outcome.REACHED in outcomes:
        return "已联系上诉求人，请如实填写回访结果，不能按“未联系到”结束"
    agreed = tries[-1].again_at if tries else None
    if agreed and agreed > now:
        return f"诉求人约定 {agreed:%m月%d日 %H:%M} 再联系，届时请回拨"
    calls = [t for t in tries if t.outcome in UNREACHED]
    kinds = min(needed, 2)
    slots = {t.slot for t in calls} - {Slot.OFF}
    others = kinds - len(slots)
    another_day = len({t.day for t in calls}) < kinds
    times = max(needed - len(calls), others, int(another_day))
    if times <= 0:
        return None
    free = "或".join(slot.label for slot in SLOTS if slot not in slots)
    where = f"在{free}" if others > 0 else ""
    when = "换一天" if another_day and calls else ""
    least = f"（至少两个不同时段，不得都在同一天，共 {needed} 次）" if kinds > 1 else ""
    return f"还须{when}{where}再拨 {times} 次{least}，才能按“未联系到”结束"


def too_many_today(tries: Iterable[Tried], *, day: date, most: int) -> str | None:
    """Return why nobody calls again on `day`; a call that the caller asked for is no pestering."""
    today = [t for t in tries if t.day == day]
    asked = any(t.again_at and t.again_at.date() == day for t in tries)
    if len(today) < most or (asked and len(today) < most + 1):
        return None
    return f"当天已拨打 {len(today)} 次（每天至多 {most} 次，以免打扰诉求人），请改日再拨"


def sample_size(population: int, percent: Decimal) -> int:
    """Return how many of `population` are drawn: the percent rounded up, so at least one where there is any."""
    if not population:
        return 0
    share = (Decimal(population) * percent / 100).to_integral_value(ROUND_CEILING)
    return min(population, max(1, int(share)))


def seed_of(day: date, region: str, checkpoint: bytes) -> str:
    """Return the seed of a draw: it follows from the day, the place and a checkpoint sealed when the day was over."""
    return hashlib.sha256(f"{day.isoformat()}|{region}|".encode() + checkpoint).hexdigest()


def drawn(seed: str, population: Iterable[int], size: int) -> list[int]:
    """Return the `size` ids whose hash under the seed is smallest, in order of id: each subset is equally likely, and
    neither the order of the list nor who is asked plays a part."""
    ranked = sorted(population, key=lambda pk: hashlib.sha256(f"{seed}|{pk}".encode()).digest())
    return sorted(ranked[:size])


def second_person(mark: Unreasonable) -> str | None:
    """认定人、复核人不得为提出人或本工单承办人"""
    if mark.handler_id in {mark.started_by_id, mark.case.handler_id, mark.case.former_handler_id} - {None}:
        return "须由提出人和承办人以外的人决定"
    return None


def opinion_says_why(mark: Unreasonable) -> str | None:
    """认定意见须说明依据"""
    return None if len(mark.opinion.strip()) >= 10 else "认定意见过短：须写明查明的事实和依据（至少 10 个字）"


def the_caller_has_not_objected(mark: Unreasonable) -> str | None:
    """诉求人可以提出一次异议，工作人员提过的不算"""
    return "诉求人已提出过异议，复核结论为最终结论" if mark.caller_objected else None


def objection_says_why(mark: Unreasonable) -> str | None:
    """异议须说明理由"""
    return None if len(mark.objection.strip()) >= 4 else "请写明为什么有异议（至少 4 个字）"
