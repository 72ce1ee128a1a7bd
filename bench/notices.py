"""The public notice page: CPU for a request, kept beside drawn anew; then served by two processes, beside a bare page."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import connection

from bench._served import flood, served
from bench.province import web_role
from tests.results import published
from tests.selection import programme
from yanzhen.engines.programmes.declare import Quota
from yanzhen.foundation import calendar, crypto, parameters
from yanzhen.foundation.scope import EVERYTHING, database_scope

TIMES, ANEW = 3000, 150
CORES = 2


def run(say: Callable[[str], None]) -> None:
    connection.settings_dict["CONN_MAX_AGE"] = None
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()
    with database_scope({EVERYTHING}):
        _made, notice = published(
            cells=("3701", "3702") * 60, made=programme(ratios=(), per_employer=0, quota=Quota(places=100))
        )
    application = get_wsgi_application()
    page = f"/notices/{notice.pk}/"
    with web_role():
        status, headers, body = _ask(application, page)
        tag = next(value for name, value in headers if name == "ETag")
        kept = _cpu(lambda: _ask(application, page), TIMES)
        known = _cpu(lambda: _ask(application, page, HTTP_IF_NONE_MATCH=tag), TIMES)
        anew = _cpu(lambda: (cache.clear(), _ask(application, page)), ANEW)
    assert status == "200 OK"
    for name, each in (("kept", kept), ("known to the browser (304)", known), ("drawn anew", anew)):
        say(
            f"notice {name:27} {each:7.3f} ms CPU a request: {CORES * 1000 / each:7,.0f}/s on {CORES} cores, {anew / each:5.1f} x"
        )
    say(f"notice page {len(body) / 1024:.1f} KB")
    with served() as to:
        bare = flood(say, to, "bare page (healthz)", ["/healthz"])
        flood(say, to, "notice page, kept", [page], bare=bare)
        flood(say, to, "notice page, known to the browser", [page], tag=tag, bare=bare)
        flood(say, to, "what was hashed", [f"{page}content.json"], bare=bare)


def _ask(application: Any, path: str, **more: str) -> tuple[str, list[tuple[str, str]], bytes]:
    """One request by WSGI, through all that stands before the view."""
    answer: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost", "HTTP_ACCEPT": "text/html", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_ACCEPT_LANGUAGE": "zh-CN", "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(b""),
        "wsgi.errors": io.StringIO(), "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False, **more,
    }  # fmt: skip
    found = application(environ, lambda status, headers, *_: answer.extend((status, headers)))
    body = b"".join(found)
    found.close()
    return answer[0], answer[1], body


def _cpu(act: Callable[[], object], times: int) -> float:
    """Return milliseconds of CPU of this process for one `act`."""
    before = time.process_time()
    for _ in range(times):
        act()
    return 1000 * (time.process_time() - before) / times
