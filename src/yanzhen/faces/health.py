"""Is the process alive, and can it serve? For load balancers and monitors; neither tells anything about the data."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from yanzhen.foundation.records import sealing_lag

SEALING_WITHIN = timedelta(minutes=2)
"""The worker seals twice a second, and once a minute besides: older records mean that no worker runs."""
QUEUED_WITHIN = timedelta(minutes=10)
HEARTBEAT_WITHIN = timedelta(seconds=90)
"""Procrastinate's workers beat every ten seconds."""

QUEUE = """
select (select now() - min(coalesce(scheduled_at, e.at)) from procrastinate_jobs j
        join lateral (select min(at) as at from procrastinate_events where job_id = j.id) e on true
        where status = 'todo' and coalesce(scheduled_at, e.at) <= now()),
    (select now() - max(last_heartbeat) from procrastinate_workers)
"""


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer as long as the process can answer at all; looks at nothing else."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 where requests can be served, 503 where not. A missing worker is named but still 200: web serves."""
    try:
        checks = {"database": True, "migrations": not pending_migrations(), "worker": worker_is_well()}
    except DatabaseError:
        checks = {"database": False}
    ready = checks["database"] and checks["migrations"]
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def worker_is_well() -> bool:
    """Tell whether a worker beats, jobs do not pile up and records are sealed."""
    waiting, silent = queue_age()
    lag = sealing_lag()
    return (
        silent is not None
        and silent < HEARTBEAT_WITHIN
        and (waiting is None or waiting < QUEUED_WITHIN)
        and (lag is None or lag < SEALING_WITHIN)
    )


def queue_age() -> tuple[timedelta | None, timedelta | None]:
    """Return how long the oldest due job has waited, and how long ago a worker last beat; None: no job, no worker."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE)
        waiting, silent = cursor.fetchone()
    return waiting, silent


def pending_migrations() -> list[str]:
    """Return the migrations that the program has and the database lacks, as "app.name"."""
    return sorted(
        ".".join(key) for key in _shipped() - set(MigrationRecorder(connection).applied_migrations())
    )


@cache
def _shipped() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)
