"""The receiving process of the bench of notices; knows nothing of Django, so that it starts at once."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any


class Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


def serve(ready: Connection) -> None:
    """Answer 200 to everything, in a process of its own."""
    with Server(("127.0.0.1", 0), Answer) as server:
        ready.send(server.server_address[1])
        server.serve_forever()
