"""Jobs of the foundation, with everything in reach."""

from __future__ import annotations

from yanzhen.foundation import attachments, limits, replays
from yanzhen.foundation.jobs import job
from yanzhen.foundation.records import seal
from yanzhen.foundation.scope import EVERYTHING, database_scope
from yanzhen.foundation.sheets import running


@job(cron="* * * * *")
def seal_records() -> None:
    """Seal once a minute from the job queue as well.

    The worker's thread runs `records.seal_loop` twice a second, finer than cron can; should that thread be held up
    or run on another machine's clock, this looks through the whole table, and the lock makes the two take turns.
    """
    seal()


@job()
def check_batch(batch_id: int) -> None:
    with database_scope({EVERYTHING}):
        running.check(batch_id)


@job()
def apply_batch(batch_id: int) -> None:
    with database_scope({EVERYTHING}):
        running.apply(batch_id)


@job(cron="40 2 * * *")
def sweep_batches() -> None:
    with database_scope({EVERYTHING}):
        running.sweep()


@job(cron="50 2 * * *")
def sweep_leftovers() -> None:
    """Remove windows that are over, answers nobody asks for again, and files of transactions that failed."""
    limits.sweep()
    replays.sweep()
    attachments.sweep_orphans()
