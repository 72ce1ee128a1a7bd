"""Leave: asked for, granted or refused by a second person; granted, it cuts the shifts that it meets."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from yanzhen.domains.hotline.actions import LINE
from yanzhen.domains.hotline.rosters import rules
from yanzhen.domains.hotline.rosters.actions.shifts import RosterRefused, demand, facts
from yanzhen.domains.hotline.rosters.coverage import Span, without
from yanzhen.domains.hotline.rosters.models import Leave, Shift
from yanzhen.domains.hotline.rosters.queries import between
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import EVERYTHING, database_scope

APPROVE = "roster.approve"


@transaction.atomic
def ask_leave(start: datetime, end: datetime, *, reason: str, actor: Account) -> Leave:
    """Ask to be off for a span in which the asker has shifts; it lies where the first of them does."""
    if start >= end:
        raise Invalid("结束须晚于开始", fields={"ends_at": "结束须晚于开始"})
    if problem := rules.still_to_come(end, timezone.now()):
        raise Invalid(problem, fields={"ends_at": problem})
    if not reason.strip():
        raise Invalid("请写明请假事由", fields={"reason": "请写明事由"})
    with database_scope({EVERYTHING}):
        shift = between(Shift.objects.filter(account=actor), Span(start, end)).order_by("starts_at").first()
        if shift is None:
            raise RosterRefused("这段时间您没有班次，不需要请假；如日期有误请修改")
        if Leave.objects.filter(
            account=actor, status=Leave.Status.ASKED, starts_at__lt=end, ends_at__gt=start
        ).exists():
            raise RosterRefused("这段时间已有一份待批准的请假；请先撤回再提")
        leave = Leave.objects.create(
            region_id=shift.region_id,
            line_id=LINE,
            account=actor,
            starts_at=start,
            ends_at=end,
            reason=reason.strip(),
            asked_at=timezone.now(),
        )
    record("leave.ask", leave, actor=actor, after=_facts(leave))
    return leave


@transaction.atomic
def decide_leave(leave: Leave, *, granted: bool, actor: Account, note: str = "") -> Leave:
    """Grant or refuse; granted, the shifts are cut. Whoever asked does not decide. Holes do not stand in the way.

    The page shows them before; who grants knows of them. Raises NotAllowed, RosterRefused.
    """
    row = _locked(leave)
    if row.account_id == actor.pk:
        raise NotAllowed("请假须由另一人审批，不能自己批准")
    if not actor.has_right(APPROVE, row):
        raise NotAllowed(f"您在区划 {row.region_id} 没有“审批请假与换班”权限")
    if not granted and not note.strip():
        raise Invalid("不批准须写明理由", fields={"note": "请写明理由"})
    row.status = Leave.Status.GRANTED if granted else Leave.Status.REFUSED
    row.decided_by, row.decided_at = actor, timezone.now()
    row.save(update_fields=["status", "decided_by", "decided_at"])
    record(
        "leave.grant" if granted else "leave.refuse",
        row,
        actor=actor,
        right=APPROVE,
        before={"status": Leave.Status.ASKED},
        after={"status": row.status},
        reason=note,
    )
    if granted:
        _cut(row, actor)
    return row


@transaction.atomic
def withdraw_leave(leave: Leave, *, actor: Account) -> Leave:
    """Take back what one asked for oneself, before it is decided."""
    row = _locked(leave)
    if row.account_id != actor.pk:
        raise NotAllowed("只能撤回自己的请假")
    row.status = Leave.Status.WITHDRAWN
    with database_scope({EVERYTHING}):
        row.save(update_fields=["status"])
    record(
        "leave.withdraw",
        row,
        actor=actor,
        before={"status": Leave.Status.ASKED},
        after={"status": row.status},
    )
    return row


def _locked(leave: Leave) -> Leave:
    with database_scope({EVERYTHING}):
        row: Leave = Leave.objects.select_for_update(of=("self",)).get(pk=leave.pk)
    if row.status != Leave.Status.ASKED:
        raise RosterRefused(f"这份请假{row.get_status_display()}，不能再改")
    return row


def _cut(leave: Leave, actor: Account) -> None:
    """Leave of each shift what lies outside; what has passed already stays. Every one of them has to be in reach."""
    off = Span(max(leave.starts_at, timezone.now()), leave.ends_at)
    if off.start >= off.end:
        raise RosterRefused("请假的时间已经过去，不能再批准")
    with database_scope({EVERYTHING}):
        rows = list(
            between(Shift.objects.filter(account=leave.account_id), off).select_for_update(of=("self",))
        )
        demand(actor, APPROVE, rows)
        for row in rows:
            _cut_one(row, off, actor)


def _cut_one(row: Shift, off: Span, actor: Account) -> None:
    before = facts(row)
    left = without([Span(row.starts_at, row.ends_at)], [off])
    if not left:
        record("shift.cancel", row, actor=actor, right=APPROVE, before=before, reason="请假")
        row.delete()
        return
    row.starts_at, row.ends_at = left[0]
    row.save(update_fields=["starts_at", "ends_at"])
    record("shift.cut", row, actor=actor, right=APPROVE, before=before, after=facts(row), reason="请假")
    for start, end in left[1:]:
        rest = Shift.objects.create(
            region_id=row.region_id,
            line_id=row.line_id,
            account_id=row.account_id,
            skill_id=row.skill_id,
            starts_at=start,
            ends_at=end,
            kind=row.kind,
        )
        record("shift.plan", rest, actor=actor, right=APPROVE, after=facts(rest), reason="请假后余下的时段")


def _facts(leave: Leave) -> dict[str, object]:
    return {"account": leave.account_id, "starts_at": leave.starts_at, "ends_at": leave.ends_at}
