"""Jobs of the rosters, with everything in reach."""

from __future__ import annotations

from django.utils import timezone

from yanzhen.domains.hotline.rosters.actions import alarms
from yanzhen.foundation.jobs import job
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job(cron="*/5 * * * *")
def watch_rosters() -> None:
    with database_scope({EVERYTHING}):
        alarms.watch(timezone.now())
