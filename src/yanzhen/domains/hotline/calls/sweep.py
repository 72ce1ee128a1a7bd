"""The sweep: calls whose end nobody told, and calls that ended without an answer which might still have been late."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from yanzhen.domains.hotline.calls import rules
from yanzhen.domains.hotline.calls.models import Call, Trunk
from yanzhen.domains.hotline.calls.taking import settle, take_event
from yanzhen.foundation import parameters

SETTLED_AFTER = timedelta(minutes=1)
"""An answer that was overtaken by its hangup comes within seconds; a system that was cut off sends again at once."""
BATCH = 500


def end_silent(now: datetime | None = None) -> int:
    """End the calls of which no hangup came in the time that the parameter gives; return how many.

    That is an event too: should the hangup come after all, it counts instead.
    """
    now = now or timezone.now()
    hours = parameters.get("hotline.call_without_hangup", on=timezone.localdate(now)).value
    running = Call.objects.filter(ended_at=None, started_at__lte=now - timedelta(hours=float(hours)))
    rows = list(running.order_by("started_at").values_list("trunk", "ref")[:BATCH])
    trunks = Trunk.objects.in_bulk({trunk for trunk, _ in rows})
    for trunk, ref in rows:
        event = rules.Event(rules.SWEEP, ref, now, cause=rules.NO_HANGUP)
        take_event(trunks[trunk], event, identity=rules.SWEEP)
    return len(rows)


def settle_ended(now: datetime | None = None) -> int:
    """Begin the call-backs of calls that nobody answered, once an answer can no longer be under way; return how many."""
    now = now or timezone.now()
    ended = Call.objects.filter(settled=False, ended_at__isnull=False, ended_at__lte=now - SETTLED_AFTER)
    ids = list(ended.order_by("ended_at").values_list("pk", flat=True)[:BATCH])
    for pk in ids:
        with transaction.atomic():
            call = Call.objects.select_for_update().get(pk=pk)
            if not call.settled and call.ended_at:
                settle(call)
                call.step += 1
                call.save()
    return len(ids)
