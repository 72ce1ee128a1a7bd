"""Swaps: a shift is offered to a colleague, who accepts; a rule or a third person confirms."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from yanzhen.domains.hotline.rosters import rules
from yanzhen.domains.hotline.rosters.actions.shifts import (
    Plan,
    RosterRefused,
    demand_free,
    facts,
    locked,
    rest_hours,
)
from yanzhen.domains.hotline.rosters.coverage import Span
from yanzhen.domains.hotline.rosters.models import Leave, Seat, Shift, Swap
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import EVERYTHING, Reach, database_scope

APPROVE, VIEW = "roster.approve", "roster.view"


@transaction.atomic
def offer_swap(shift: Shift, *, taker: Account, actor: Account) -> Swap:
    """Offer one's own shift to a colleague; what would stop it is said at once."""
    row = locked(shift.pk)
    if row.account_id != actor.pk:
        raise NotAllowed("只能换出自己的班次")
    if taker.pk == actor.pk:
        raise Invalid("请选择另一位同事", fields={"taker": "不能换给自己"})
    _demand_can_take(row, taker)
    with database_scope({EVERYTHING}):
        if Swap.objects.filter(shift=row, status__in=(Swap.Status.OFFERED, Swap.Status.ACCEPTED)).exists():
            raise RosterRefused("这个班次已在换班中；请先撤回再提")
        swap = Swap.objects.create(
            region_id=row.region_id,
            line_id=row.line_id,
            shift=row,
            giver=actor,
            taker=taker,
            offered_at=timezone.now(),
        )
    record("swap.offer", swap, actor=actor, after={"shift": row.pk, "taker": taker.pk})
    return swap


@transaction.atomic
def answer_swap(swap: Swap, *, accepted: bool, actor: Account) -> Swap:
    """The colleague says yes or no; with nothing to look at, the rule confirms and the shift changes hands."""
    row = _locked(swap, Swap.Status.OFFERED)
    if row.taker_id != actor.pk:
        raise NotAllowed("只有被邀请的同事能答复")
    if not accepted:
        return _close(row, Swap.Status.DECLINED, actor=actor)
    shift = locked(row.shift_id)
    _demand_can_take(shift, actor)
    row.concerns = _concerns(shift, actor)
    if not row.concerns:
        _hand(shift, row, actor=actor, right=None)
        return _close(row, Swap.Status.DONE, actor=actor)
    return _close(row, Swap.Status.ACCEPTED, actor=actor)


@transaction.atomic
def confirm_swap(swap: Swap, *, granted: bool, actor: Account, note: str = "") -> Swap:
    """A third person with the right confirms or refuses what the rule would not."""
    row = _locked(swap, Swap.Status.ACCEPTED)
    if actor.pk in (row.giver_id, row.taker_id):
        raise NotAllowed("换班须由双方以外的第三人确认")
    if not actor.has_right(APPROVE, row):
        raise NotAllowed(f"您在区划 {row.region_id} 没有“审批请假与换班”权限")
    row.decided_by = actor
    if not granted:
        if not note.strip():
            raise Invalid("不予确认须写明理由", fields={"note": "请写明理由"})
        return _close(row, Swap.Status.REFUSED, actor=actor, right=APPROVE, reason=note)
    shift = locked(row.shift_id)
    _demand_can_take(shift, row.taker)
    _hand(shift, row, actor=actor, right=APPROVE)
    return _close(row, Swap.Status.DONE, actor=actor, right=APPROVE, reason=note)


@transaction.atomic
def withdraw_swap(swap: Swap, *, actor: Account) -> Swap:
    row = _locked(swap, Swap.Status.OFFERED, Swap.Status.ACCEPTED)
    if row.giver_id != actor.pk:
        raise NotAllowed("只能撤回自己提出的换班")
    return _close(row, Swap.Status.WITHDRAWN, actor=actor)


def _locked(swap: Swap, *expected: str) -> Swap:
    with database_scope({EVERYTHING}):
        row: Swap | None = (
            Swap.objects.select_for_update(of=("self",)).select_related("taker").filter(pk=swap.pk).first()
        )
    if row is None:
        raise RosterRefused("班次已被取消，换班随之失效")
    if row.status not in expected:
        raise RosterRefused(f"这次换班的状态是“{row.get_status_display()}”，不能再改")
    return row


def _close(row: Swap, status: str, *, actor: Account, right: str | None = None, reason: str = "") -> Swap:
    before, row.status = row.status, status
    row.decided_at = timezone.now()
    with database_scope({EVERYTHING}):
        row.save(update_fields=["status", "concerns", "decided_by", "decided_at"])
    record(
        f"swap.{status}",
        row,
        actor=actor,
        right=right,
        before={"status": before},
        after={"status": status, "concerns": row.concerns},
        reason=reason,
    )
    return row


def _demand_can_take(shift: Shift, taker: Account) -> None:
    """Raise what stands against `taker` on `shift`: it began, no skill, out of place, on leave, on duty elsewhere."""
    if shift.starts_at <= timezone.now():
        raise RosterRefused("班次已经开始，不能再换；临时离岗请设为暂离并通知带班人")
    if problem := rules.can_sit(Seat.objects.filter(account=taker).first(), shift.skill):
        raise RosterRefused(f"{taker}{problem}")
    fresh = Account.objects.get(pk=taker.pk)
    if not _lies_in(shift, fresh.reaches(VIEW)):
        raise RosterRefused(f"{taker} 在{shift.region}没有“查看排班”权限，接不到那里的班；请换给当地同事")
    plan = Plan(taker, shift.region, shift.skill, shift.starts_at, shift.ends_at)
    with database_scope({EVERYTHING}):
        spans = {"starts_at__lt": shift.ends_at, "ends_at__gt": shift.starts_at}
        others = Shift.objects.filter(account=taker, **spans).select_related("region", "skill")
        demand_free([plan], others)
        if Leave.objects.filter(account=taker, status=Leave.Status.GRANTED, **spans).exists():
            raise RosterRefused(f"{taker} 那时已批准请假；请换给他人")


def _lies_in(shift: Shift, reaches: list[Reach]) -> bool:
    return any(reach.covers(shift.region_id, shift.line_id) for reach in reaches)


def _concerns(shift: Shift, taker: Account) -> list[str]:
    with database_scope({EVERYTHING}):
        held = Shift.objects.filter(account=taker).filter(ends_at__gt=timezone.now())
        spans = [Span(*row) for row in held.order_by().values_list("starts_at", "ends_at")]
    hours = rest_hours(shift.region_id, timezone.localdate(shift.starts_at))
    return rules.short_rest(str(taker), [*spans, Span(shift.starts_at, shift.ends_at)], hours)


def _hand(shift: Shift, swap: Swap, *, actor: Account, right: str | None) -> None:
    before = facts(shift)
    shift.account_id = swap.taker_id
    try:
        with transaction.atomic(), database_scope({EVERYTHING}):
            shift.save(update_fields=["account"])
    except IntegrityError:
        raise RosterRefused("对方刚刚被排了重叠的班次，换班没有成立；请刷新后再试") from None
    record(
        "shift.swap",
        shift,
        actor=actor,
        right=right,
        before=before,
        after=facts(shift),
        reason=f"换班 {swap.pk}",
    )
