"""What the worker does for calls by the clock, with everything in reach. Safe to run again, and twice at once."""

from __future__ import annotations

from yanzhen.domains.hotline.calls import sweep
from yanzhen.foundation.jobs import job
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job(cron="* * * * *")
def settle_calls() -> None:
    with database_scope({EVERYTHING}):
        sweep.settle_ended()


@job(cron="*/10 * * * *")
def end_silent_calls() -> None:
    with database_scope({EVERYTHING}):
        sweep.end_silent()
