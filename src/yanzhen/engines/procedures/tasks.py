"""What the worker does for procedures by the clock, with everything in reach."""

from __future__ import annotations

from django.utils import timezone

from yanzhen.engines.procedures import ladder, sweep
from yanzhen.foundation.jobs import job
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job(cron="* * * * *")
def mark_due() -> None:
    with database_scope({EVERYTHING}):
        sweep.mark_due(timezone.now())
        ladder.climb(timezone.now())


@job()
def rewind_year(year: int) -> None:
    with database_scope({EVERYTHING}):
        sweep.rewind_year(year)
