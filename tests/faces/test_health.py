"""What load balancers and monitors are told, and that it is nothing about the data."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory

from yanzhen.faces import health
from yanzhen.foundation.records import sealing_lag

pytestmark = pytest.mark.django_db


def ready() -> tuple[int, Any]:
    response = health.readyz(RequestFactory().get("/readyz"))
    return response.status_code, json.loads(response.content)


def owner(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"reset role; {sql}; set role yanzhen_web")


def worker_beats(ago: str = "0") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_workers (last_heartbeat) values (now() - %s::interval)", [ago]
        )


def job_waits(ago: str, scheduled: str | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args, scheduled_at)"
            " values ('default', 'x', '{}', now() - %s::interval) returning id",
            [scheduled],
        )
        cursor.execute(
            "update procrastinate_events set at = now() - %s::interval where job_id = %s",
            [ago, cursor.fetchone()[0]],
        )


def test_a_process_that_answers_is_alive_whatever_the_database_does(django_assert_num_queries):
    with django_assert_num_queries(0):
        response = health.healthz(RequestFactory().get("/healthz"))

    assert (response.status_code, response.content) == (200, b"ok")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("view", [health.healthz, health.readyz])
def test_both_are_for_reading_alone(view):
    assert view(RequestFactory().post("/")).status_code == 405


def test_it_is_ready_with_the_database_its_tables_and_a_worker():
    worker_beats()

    assert ready() == (
        200,
        {"ready": True, "checks": {"database": True, "migrations": True, "worker": True}},
    )


def test_without_a_worker_the_pages_are_served_all_the_same_and_it_is_named():
    assert ready() == (
        200,
        {"ready": True, "checks": {"database": True, "migrations": True, "worker": False}},
    )


def test_with_a_migration_pending_nothing_is_served():
    worker_beats()
    owner("delete from django_migrations where app = 'hotline' and name = '0001_tables'")

    assert health.pending_migrations() == ["hotline.0001_tables"]
    assert ready() == (
        503,
        {"ready": False, "checks": {"database": True, "migrations": False, "worker": True}},
    )


@pytest.mark.django_db(transaction=True)
def test_without_a_database_nothing_is_served_and_nothing_breaks():
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "/nowhere")
        found = ready()
    connection.ensure_connection()

    assert found == (503, {"ready": False, "checks": {"database": False}})


@pytest.mark.parametrize(("ago", "well"), [("80 seconds", True), ("100 seconds", False)])
def test_a_worker_that_is_silent_for_a_minute_and_a_half_is_missing(ago, well):
    worker_beats(ago)

    assert health.worker_is_well() == well


@pytest.mark.parametrize(
    ("ago", "scheduled", "well"),
    [
        ("9 minutes", None, True),
        ("11 minutes", None, False),
        ("1 day", "-1 hour", True),
        ("1 day", "11 minutes", False),
        ("1 day", "9 minutes", True),
    ],
)
def test_jobs_that_pile_up_past_their_time_are_noticed(ago, scheduled, well):
    worker_beats()
    job_waits(ago, scheduled)

    assert health.worker_is_well() == well


def test_a_job_that_is_being_done_is_not_waiting():
    worker_beats()
    job_waits("1 hour")
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'doing'")

    assert health.worker_is_well()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("minutes", "well"), [(1, True), (3, False)])
def test_records_that_nobody_seals_are_noticed(minutes, well):
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into foundation_record (at, verb, subject_type, subject_id, region_id, line_id, reason)"
            f" values (now() - interval '{minutes} minutes', 'edit', 'x', '1', '', '', '')"
        )
    worker_beats()
    deadline = time.monotonic() + 60
    while sealing_lag() is None and time.monotonic() < deadline:  # a transaction of another run is still open
        time.sleep(0.1)

    found = health.worker_is_well()
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_workers")

    assert (sealing_lag() is None, found) == (False, well)
