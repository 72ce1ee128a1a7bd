"""On duty: at the desk or away for a while, and what one shift tells the next."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from yanzhen.domains.hotline.rosters.actions.shifts import RosterRefused, locked
from yanzhen.domains.hotline.rosters.models import HandOver, Presence, Shift
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.records.write import masked
from yanzhen.foundation.scope import EVERYTHING, database_scope


@transaction.atomic
def set_presence(*, away: bool, actor: Account) -> Presence:
    """Say that one is at the desk, or away for a while: then calls come last, but still come."""
    row, _ = Presence.objects.select_for_update().get_or_create(account=actor)
    if row.away != away:
        row.away, row.changed_at = away, timezone.now()
        row.save(update_fields=["away", "changed_at"])
        record("presence.set", row, actor=actor, before={"away": not away}, after={"away": away})
    return row


@transaction.atomic
def write_hand_over(shift: Shift, *, note: str, actor: Account) -> HandOver:
    """Write what the next shift should know; may be changed until somebody has read it."""
    row = locked(shift.pk)
    now = timezone.now()
    if row.account_id != actor.pk:
        raise NotAllowed("只能为自己的班次写交接")
    if row.starts_at > now:
        raise RosterRefused("班次还没有开始，没有可交接的内容")
    if not note.strip():
        raise Invalid("请写交接内容；没有待办请写“无”", fields={"note": "请写交接内容"})
    with database_scope({EVERYTHING}):
        there = HandOver.objects.select_for_update().filter(shift=row).first()
        if there and there.read_at:
            raise RosterRefused("接班人已经确认过这份交接，不能再改；补充内容请当面或电话告知")
        found = there or HandOver(
            region_id=row.region_id, line_id=row.line_id, shift=row, skill_id=row.skill_id, written_by=actor
        )
        found.note, found.written_at = masked(note.strip()), now
        found.save()
    record("hand_over.write", found, actor=actor, after={"shift": row.pk, "length": len(found.note)})
    return found


@transaction.atomic
def read_hand_over(hand_over: HandOver, *, actor: Account) -> HandOver:
    """Say that one has read it: somebody whose shift of the same region and skill is running or is the next."""
    now = timezone.now()
    with database_scope({EVERYTHING}):
        row = HandOver.objects.select_for_update(of=("self",)).select_related("shift").get(pk=hand_over.pk)
        if row.written_by_id == actor.pk:
            raise NotAllowed("交接须由接班人确认，不能自己确认")
        takes_over = Shift.objects.filter(
            account=actor,
            region_id=row.region_id,
            skill_id=row.skill_id,
            ends_at__gt=now,
            starts_at__lte=max(now, row.shift.ends_at),
        )
        if not takes_over.exists():
            raise NotAllowed("只有当前或下一班的值班人能确认接班")
        if row.read_at is None:
            row.read_by, row.read_at = actor, now
            row.save(update_fields=["read_by", "read_at"])
            record("hand_over.read", row, actor=actor, after={"shift": row.shift_id})
    found: HandOver = row
    return found
