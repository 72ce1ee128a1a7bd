"""Who is on the telephone, for the rosters that choose who is rung next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.rosters.busy import tells_who_talks
from yanzhen.foundation.scope import EVERYTHING, database_scope

LONGEST = timedelta(hours=4)
"""A call that runs longer has lost its end: it keeps nobody from being rung."""


@tells_who_talks
def talking() -> Iterable[int]:
    """Return the accounts with an answered call that runs. A trunk asks, who is no account: everything is in reach."""
    with database_scope({EVERYTHING}):
        running = Call.objects.filter(
            ended_at=None, started_at__gt=timezone.now() - LONGEST, answered_by__isnull=False
        )
        return list(running.values_list("answered_by_id", flat=True))
