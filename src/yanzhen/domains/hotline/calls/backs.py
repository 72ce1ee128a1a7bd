"""Call-backs: one for each number that did not get through, begun with the call and taken over by the procedure."""

from __future__ import annotations

import json

from django.db import connection, transaction
from django.utils import timezone

from yanzhen.domains.hotline.calls.models import PARTY, Call, CallBack
from yanzhen.engines.procedures.engine import advance, start
from yanzhen.foundation import crypto, numbering
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record

SHORTEST_REASON = 4
SPOKEN_WITH = {
    Call.Reason.ANSWERED,
    Call.Reason.REPEAT,
    Call.Reason.PROGRESS,
    Call.Reason.CALLED_BACK,
    Call.Reason.ELSEWHERE,
}
"""Reasons by which somebody was heard; after a silent, wrong, nuisance or test call the caller still waits."""


def call_back_for(call: Call) -> CallBack:
    """Return the call-back that waits for the caller's number, begun now where none does. The caller saves `call`.

    Two calls of one number take turns. The term runs from the first of them that did not get through.
    """
    hashed = bytes(call.phone_hash or b"")
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"call-back:{hashed.hex()}"])
    waiting: CallBack | None = CallBack.objects.filter(phone_hash=hashed, ended_at=None).first()
    if waiting:
        return waiting
    phone = json.loads(crypto.open_(bytes(call.party_cipher or b""), context=PARTY))["phone"]
    task = CallBack(
        region_id=call.region_id,
        line_id=call.line_id,
        shared_with=call.shared_with,
        number=numbering.next_number(f"HB{call.region_id[:6]}", at=timezone.now()),
        title=f"{call.phone_mask} {call.get_status_display()}",
        caller_cipher=crypto.seal(json.dumps({"phone": phone}), context=PARTY),
        caller_mask=call.phone_mask,
        phone_hash=hashed,
        started_at=call.ended_at or timezone.now(),
    )
    return start(task, actor=None, note="来电未接通")


def got_through(call: Call, *, actor: Account) -> CallBack | None:
    """Close the call-back that waits for a number which somebody has just spoken with, where `actor` may.

    Two that end at once take turns: the later finds nothing waiting, and what it writes of its own call stands.
    """
    heard = bool(call.case_id) or call.outcome in SPOKEN_WITH
    if not call.phone_hash or call.answered_at is None or not heard:
        return None
    waiting = CallBack.objects.select_for_update(of=("self",))
    task: CallBack | None = waiting.filter(phone_hash=bytes(call.phone_hash), ended_at=None).first()
    if task is None or not actor.has_right("call.call_back", task):
        return None
    called = call.direction == Call.Direction.IN
    outcome = CallBack.Outcome.CALLED_AGAIN if called else CallBack.Outcome.ANSWERED
    if call.case_id and not called:
        outcome = CallBack.Outcome.REGISTERED
    return advance(task, "done", actor=actor, note=f"通话 {call.pk} 已接通", outcome=outcome)


@transaction.atomic
def reveal_number(task: CallBack, *, actor: Account, reason: str) -> dict[str, str]:
    """Return the number in full; the look is on record with its reason."""
    if not actor.has_right("call.reveal", task):
        raise NotAllowed("您在该区划和条线没有“查看来电号码全号”权限")
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid(f"查看全号须说明理由（至少 {SHORTEST_REASON} 个字）", fields={"reason": "请说明理由"})
    record("reveal", task, actor=actor, right="call.reveal", reason=reason.strip())
    found: dict[str, str] = json.loads(crypto.open_(bytes(task.caller_cipher), context=PARTY))
    return found
