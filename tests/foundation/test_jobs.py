"""Jobs: what a killed worker left in the middle is taken up again."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from procrastinate.contrib.django import app

from yanzhen.foundation.jobs import ATTEMPTS, SILENT_SECONDS, defer, put_back_stalled
from yanzhen.foundation.tasks import check_batch, sweep_batches

pytestmark = pytest.mark.django_db


def execute(sql: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def running(job, silent_seconds: int | None, *, attempts: int = 0, **arguments: object) -> int:
    """A job in the hands of a worker that was last heard `silent_seconds` ago; None: a worker that is gone."""
    defer(job, **arguments)
    [(job_id,)] = execute("select max(id) from procrastinate_jobs")
    worker = None
    if silent_seconds is not None:
        [(worker,)] = execute(
            "insert into procrastinate_workers (last_heartbeat) values (now() - %s * interval '1 second') returning id",
            silent_seconds,
        )
    execute(
        "update procrastinate_jobs set status = 'doing', worker_id = %s, attempts = %s where id = %s",
        worker,
        attempts,
        job_id,
    )
    return job_id


def status(job_id: int) -> tuple[object, ...] | None:
    found = execute("select status, attempts from procrastinate_jobs where id = %s", job_id)
    return found[0] if found else None


@async_to_sync
async def put_back() -> None:
    await put_back_stalled(0)


def test_a_job_is_queued_only_if_its_transaction_commits():
    with transaction.atomic():
        defer(check_batch, batch_id=1)
        transaction.set_rollback(True)

    assert execute("select count(*) from procrastinate_jobs") == [(0,)]


def test_a_job_of_a_dead_worker_is_queued_again_and_that_of_a_live_one_is_left():
    dead = running(check_batch, SILENT_SECONDS + 5, batch_id=1)
    gone = running(check_batch, None, batch_id=2)
    alive = running(check_batch, 5, batch_id=3)

    put_back()

    assert [status(job) for job in (dead, gone, alive)] == [("todo", 1), ("todo", 1), ("doing", 0)]


def test_what_the_clock_runs_is_not_tried_again_and_what_was_asked_for_is():
    by_the_clock = {periodic.task for periodic in app.periodic_registry.periodic_tasks.values()}

    tried_again = {task.name for task in by_the_clock if task.retry_strategy}

    assert by_the_clock
    assert tried_again == set()
    assert app.tasks[check_batch.job_name].retry_strategy.max_attempts == ATTEMPTS


def test_a_job_that_outlived_too_many_workers_has_failed():
    deadly = running(check_batch, None, attempts=ATTEMPTS - 1, batch_id=1)

    put_back()

    assert status(deadly) == ("failed", ATTEMPTS)


def test_a_clock_job_of_a_dead_worker_makes_way_for_its_next_run():
    stuck = running(sweep_batches, None)
    defer(sweep_batches)
    [(waiting,)] = execute("select max(id) from procrastinate_jobs")

    put_back()

    assert (status(stuck), status(waiting)) == (None, ("todo", 0))
