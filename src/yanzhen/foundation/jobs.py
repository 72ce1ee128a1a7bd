"""Jobs: work put off until after the commit. A thin face before Procrastinate, so that it can be replaced here alone.

A job is deferred on the connection of the transaction that needs it: it exists if and only if that commits. It runs at
least once, so it must be safe to run again. Jobs live in the `tasks.py` of their app.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

Job = Callable[..., None]

ATTEMPTS = 8
SILENT_SECONDS = 30
"""A worker that gave no sign of life for so long is taken for dead; it gives one every ten seconds."""


def job(*, cron: str | None = None, queue: str = "default", attempts: int = ATTEMPTS) -> Callable[[Job], Job]:
    """Make a function a job; with `cron` (five fields, Asia/Shanghai as the worker's zone) it also runs by the clock.

    A failed run is tried again after 5, 25, 125 ... seconds. A clock job never overlaps itself, and is not tried again:
    while a retry waits it holds the place in the queue, and the next run, due anyhow, would be passed over for days.
    """

    def register(function: Job) -> Job:
        name = f"{function.__module__}.{function.__qualname__}"
        lock = name if cron else None
        retry = RetryStrategy(max_attempts=attempts, exponential_wait=5)
        if cron:

            def by_the_clock(timestamp: int) -> None:
                function()

            task = app.task(name=name, queue=queue, lock=lock, queueing_lock=lock)(by_the_clock)
            app.periodic(cron=cron)(task)
        else:
            app.task(name=name, queue=queue, retry=retry)(function)
        function.job_name = name  # type: ignore[attr-defined]  # read by `defer`
        return function

    return register


def defer(function: Job, **arguments: Any) -> None:
    """Queue a run of the job `function` in the current transaction; `arguments` are plain JSON values, ids not rows."""
    app.configure_task(function.job_name).defer(**arguments)  # type: ignore[attr-defined]  # set by `job`


@app.periodic(cron="* * * * *")
@app.task(name=f"{__name__}.put_back_stalled", queueing_lock=f"{__name__}.put_back_stalled")
async def put_back_stalled(timestamp: int) -> None:
    """Queue again what a killed worker left in the middle; a job that outlived ATTEMPTS workers has failed.

    A clock job is dropped instead: its next run may be queued already, and two of them may not be. This one holds no
    lock while it runs, so that a worker that dies over it does not keep the others from doing it.
    """
    manager = app.job_manager
    for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS):
        if stalled.queueing_lock:
            await manager.finish_job(stalled, Status.FAILED, delete_job=True)
        elif stalled.attempts + 1 < ATTEMPTS:
            await manager.retry_job(stalled)
        else:
            await manager.finish_job(stalled, Status.FAILED, delete_job=False)
