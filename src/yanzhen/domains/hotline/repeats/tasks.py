"""Jobs of the repeats, with everything in reach."""

from __future__ import annotations

from yanzhen.domains.hotline.repeats import traces
from yanzhen.foundation.jobs import job
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job(cron="* * * * *")
def index_new() -> None:
    """Make new cases findable: intake itself waits for nothing, and no door can forget it."""
    with database_scope({EVERYTHING}):
        traces.index_missed(traces.NEW)


@job(cron="45 * * * *")
def index_old() -> None:
    """Go on with those that were there before, batch by batch until none is left; cut off, the next run goes on."""
    with database_scope({EVERYTHING}):
        while traces.index_missed(traces.window("hotline.duplicate_window")) == traces.BATCH:
            pass
