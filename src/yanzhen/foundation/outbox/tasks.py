"""The outbox's jobs."""

from __future__ import annotations

from yanzhen.foundation.jobs import job
from yanzhen.foundation.outbox import endpoints
from yanzhen.foundation.outbox.courier import deliver
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job(cron="* * * * *")
def deliver_due() -> None:
    """Deliver once a minute from the job queue as well, should the worker's own thread be held up (courier.loop)."""
    with database_scope({EVERYTHING}):
        deliver()


@job(cron="55 2 * * *")
def sweep_delivered() -> None:
    with database_scope({EVERYTHING}):
        endpoints.sweep()
