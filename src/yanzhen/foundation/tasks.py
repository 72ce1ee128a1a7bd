"""Jobs of the foundation."""

from __future__ import annotations

from yanzhen.foundation.jobs import job
from yanzhen.foundation.records import seal


@job(cron="* * * * *")
def seal_records() -> None:
    """Seal once a minute from the job queue as well.

    The worker's thread runs `records.seal_loop` twice a second, finer than cron can; should that thread be held up
    or run on another machine's clock, this looks through the whole table, and the lock makes the two take turns.
    """
    seal()
