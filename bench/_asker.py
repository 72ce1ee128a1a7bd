"""The asking process of the bench of pages; knows nothing of Django, so that it starts at once.

It reads answers off the socket by their length alone: a client that parsed them would take the cores from the server.
"""

from __future__ import annotations

import socket
import time

END = b"\r\n\r\n"


def ask(port: int, paths: list[str], tag: str = "") -> list[float]:
    """Ask for each path over one connection, with the ETag `tag` where given; return the milliseconds that each took."""
    more = f"If-None-Match: {tag}\r\n" if tag else ""
    took = []
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for path in paths:
            began = time.perf_counter()
            line.sendall(
                f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n{more}\r\n".encode()
            )
            status = _read(line)
            assert status < 500, (path, status)
            assert not tag or status == 304, status
            took.append((time.perf_counter() - began) * 1000)
    return took


def _read(line: socket.socket) -> int:
    """Read one whole answer; return its status."""
    got = b""
    while END not in got:
        got += line.recv(1 << 16)
    head, _, body = got.partition(END)
    lines = head.lower().split(b"\r\n")
    length = next((int(h[15:]) for h in lines if h.startswith(b"content-length:")), 0)
    missing = length - len(body)
    while missing > 0:
        missing -= len(line.recv(1 << 16))
    return int(lines[0].split()[1])
