"""The product served as an installation serves it, and what a page of it costs under load, by CPU and by the clock."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from bench._asker import ask
from bench._cpu import children, measured

REQUESTS = 6000
CLIENTS = 2
"""Processes that ask on the same cores; each keeps one connection."""
WARM_UP = 200


class Served(NamedTuple):
    port: int
    pids: list[int]


@contextmanager
def served(application: str = "yanzhen.config.wsgi:application") -> Iterator[Served]:
    """Serve as the web's role, with 2 processes of 4 threads, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = connection.settings_dict
    url = f"postgresql://{settings.WEB_ROLE}@/{given['NAME']}?host={given['HOST']}"
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4", "--log-level", "warning",
         "--port", str(port), application],
        env={**os.environ, "DATABASE_URL": url}, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Served(port, [server.pid, *children(server.pid)])
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def flood(
    say: Callable[[str], None], to: Served, label: str, paths: list[str], *, tag: str = "", bare: float = 0
) -> float:
    """Ask for `paths` in turn, REQUESTS times in all; return the ms of CPU of web and database for one.

    `bare` is what this returned for a bare page in the same run.
    """
    asked = [paths[n % len(paths)] for n in range(REQUESTS)]
    shares = [asked[n::CLIENTS] for n in range(CLIENTS)]
    with ProcessPoolExecutor(CLIENTS, mp_context=get_context("spawn")) as pool:
        list(pool.map(ask, [to.port] * CLIENTS, [asked[:WARM_UP]] * CLIENTS, [tag] * CLIENTS))

        def work() -> list[float]:
            found = pool.map(ask, [to.port] * CLIENTS, shares, [tag] * CLIENTS)
            return [ms for each in found for ms in each]

        web, db, took, each = measured(to.pids, REQUESTS, work)
    p50, p99 = statistics.median(each), statistics.quantiles(each, n=100)[98]
    beside = f", {(web + db) / bare:4.2f} times the bare page" if bare else ""
    say(
        f"{label:34}: web {web:4.2f} + database {db:4.2f} ms CPU a request, so {2000 / (web + db):5,.0f}/s on two cores{beside};"
        f" by the clock {REQUESTS / took:5,.0f}/s with {CLIENTS} clients beside it, p50 {p50:.1f} p99 {p99:.1f} ms"
    )
    return web + db
