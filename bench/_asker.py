"""The asking process of the bench of pages; knows nothing of Django, so that it starts at once."""

from __future__ import annotations

import http.client
import time


def ask(port: int, paths: list[str]) -> list[float]:
    """Ask for each path over one connection; return the milliseconds that each took."""
    client = http.client.HTTPConnection("127.0.0.1", port)
    took = []
    for path in paths:
        began = time.perf_counter()
        client.request("GET", path, headers={"Accept": "text/html"})
        answer = client.getresponse()
        answer.read()
        assert answer.status < 500
        took.append((time.perf_counter() - began) * 1000)
    return took
