"""A real browser against a real server. Skips loudly where no Chromium is found; CI installs Debian's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page, sync_playwright

from tests.hotline import County, county
from yanzhen.domains.hotline import categories
from yanzhen.faces import places
from yanzhen.foundation import accounts, regions

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
"""Playwright keeps an event loop in this thread; the database is used by the test alone while it waits."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "journeys" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        path = next((p for p in ("/usr/bin/chromium", own) if Path(p).exists()), None)
        if path is None:
            pytest.skip(
                "NO BROWSER TEST RUNS: no Chromium found. On Debian: apt-get install chromium fonts-noto-cjk"
            )
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(django_db_setup: None) -> Iterator[str]:
    """Serve in a thread, static files by the product's own middleware: the one of pytest-django knows no digests."""
    thread = LiveServerThread("127.0.0.1", static_handler=lambda application: application)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()


@pytest.fixture
def place(address: str) -> Iterator[County]:
    """A county with everybody and the province around it; the server's own connections act as the web's role."""

    def as_web(connection: Any, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"set role {settings.WEB_ROLE}")

    connection_created.connect(as_web)
    regions.load()
    regions.load_lines()
    accounts.load_roles()
    categories.load()
    places.forget_regions()
    places.forget_categories()
    yield county()
    connection_created.disconnect(as_web)
    for connection in connections.all(initialized_only=True):
        connection.queries_log.clear()


@pytest.fixture
def open_page(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a window; whatever the browser complains of fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def opened(*, width: int = 1280, dark: bool = False, scripts: bool = True) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            base_url=address,
            locale="zh-CN",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        return page

    yield opened
    for context in contexts:
        context.close()
    expected = ("status of 422", "status of 409")
    assert [c for c in complaints if not any(e in c for e in expected)] == []
