"""A real receiver on loopback that can be well, broken, busy or mute, and remembers what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.factories import LineFactory
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.outbox.endpoints import register_endpoint
from yanzhen.foundation.outbox.models import Endpoint


class Receiver(ThreadingHTTPServer):
    """`behaviour` is a status to answer with, "hang" (until `release`), "cut" or "drip"."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.behaviour: int | str = 200
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?from=yanzhen"

    @property
    def events(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the sender hung up, which is what a test may be about."""


class Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        behaviour = self.server.behaviour
        if behaviour == "hang":
            self.server.release.wait(30)
        elif behaviour == "drip":
            while not self.server.release.wait(0.05):
                self.wfile.write(b"HTTP/1.1 200 OK\r\n"[:1])
        elif behaviour == "cut":
            self.connection.close()
        else:
            if behaviour == 200:
                self.server.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(int(behaviour))
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


def endpoint_at(
    url: str, *, actor: Account, region: Region, kinds: tuple[str, ...], name: str = "平台"
) -> tuple[Endpoint, str]:
    crypto.forget_keys()
    crypto.begin()
    return register_endpoint(actor=actor, name=name, url=url, kinds=kinds, region=region, line=LineFactory())


def data_of(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)["data"]
    return found
