"""Every test runs as the web's own database role, so that a right it lacks shows up here and not at work."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from tests.craftsmen import here  # noqa: F401  # a fixture for several folders
from tests.honours import ladder, time_machine_at, titles  # noqa: F401  # fixtures for several folders
from yanzhen.foundation.calendar.held import Held

HERE = Path(__file__).parent
SECOND = ("faces/test_console", "journeys/", "telephony/")
"""The second half, about as long as the first; the browser's stand at the end of theirs, for they leave an event loop."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Part the tests in two halves, for two processes: always the same ones in the same order, so that a run can be repeated."""
    for item in items:
        name = item.path.relative_to(HERE).as_posix()
        item.add_marker(pytest.mark.xdist_group("b" if name.startswith(SECOND) else "a"))


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> None:
    """Lay the static files out as an installation does: pages name them by their digest."""
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture(scope="session")
def _held() -> list[Held[Any]]:
    """All tables that the process keeps."""
    import_module(settings.ROOT_URLCONF)
    return [each for each in gc.get_objects() if type(each) is Held]


@pytest.fixture(autouse=True)
def _nothing_kept(request: pytest.FixtureRequest, _held: list[Held[Any]]) -> Iterator[None]:
    """Forget what a test kept that committed: its tables are emptied behind the process's back."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        for each in _held:
            each.forget()


@pytest.fixture(autouse=True)
def _web_role(request: pytest.FixtureRequest) -> Iterator[None]:
    """Act as the web role with everything in reach; a test of the second wall narrows the reach itself."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None and not {"db", "transactional_db", "live_server"}.intersection(request.fixturenames):
        yield
        return
    request.getfixturevalue("transactional_db" if marker and marker.kwargs.get("transaction") else "db")
    with connection.cursor() as cursor:
        cursor.execute("reset role; set session_replication_role = origin")
        cursor.execute(f"set role {settings.WEB_ROLE}; select set_config('yanzhen.reach', '{{*:}}', false)")
    yield
    if connection.connection is not None and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("reset role")
            if marker and marker.kwargs.get("transaction"):
                # Django empties the tables next, the append-only ones too, but not those of the queue
                cursor.execute("set session_replication_role = replica")
                for table in ("periodic_defers", "events", "jobs"):
                    cursor.execute(f"delete from procrastinate_{table}")
