"""Calls a second through Kamailio as shipped, with telephones by sipp: who is connected, and what a call costs.

The platform is a stand-in that answers at once, so that the edge alone is measured; `rosters` measures the route.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl

from tests.telephony.rig import HOST, Rig, missing, wait_for

RATES = (50, 100, 200, 400)
SECONDS = 6
TICK = os.sysconf("SC_CLK_TCK")


class StandIn:
    """Answers `/cti/route` with one telephone and counts the events that come to any other address."""

    def __init__(self, telephone: int) -> None:
        target = {"user": "8001", "uri": f"sip:8001@{HOST}:{telephone}", "ring_ms": 5000}
        self._answer = json.dumps({"targets": [target]}).encode()
        self.events: Counter[str] = Counter()
        self.port = 0
        Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        wait_for(lambda: self.port, seconds=5, what="stand-in")

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._handle, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                sizes = [
                    line[15:] for line in head.split("\r\n") if line.lower().startswith("content-length:")
                ]
                body = await reader.readexactly(int(sizes[0])) if sizes else b""
                asked = head.startswith("GET /cti/route")
                if not asked:
                    self.events[dict(parse_qsl(body.decode()))["event"]] += 1
                answer = self._answer if asked else b"{}"
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def run(say: Callable[[str], None]) -> None:
    lacking = missing()
    if lacking:
        say(lacking)
        return
    with tempfile.TemporaryDirectory(prefix="yanzhen-telephony-") as folder:
        rig = Rig(Path(folder))
        try:
            _load(say, rig)
        finally:
            rig.close()


def _load(say: Callable[[str], None], rig: Rig) -> None:
    platform = StandIn(rig.telephone("answers", after_ms=50))
    address = f"http://{HOST}:{platform.port}"
    proxy = rig.proxy(
        {
            "YANZHEN_API": address,
            "YANZHEN_TOKEN": "bench",
            "YANZHEN_EVENTS": f"{address}/cti/bench",
            "ANNOUNCEMENT": f"sip:announcement@{HOST}:{rig.telephone('answers')}",
        },
        pinned_to=os.cpu_count() - 1 if os.cpu_count() else None,  # type: ignore[operator]  # counted just before
    )
    for rate in RATES:
        platform.events.clear()
        count, cpu = rate * SECONDS, _cpu(proxy)
        figures = rig.call((f"0531{n:08}" for n in range(count)), rate=rate, talk_ms=1000, seconds=30)
        spent = _cpu(proxy) - cpu
        begun = time.monotonic()
        while platform.events.total() < 3 * count and time.monotonic() - begun < 20:
            time.sleep(0.1)
        say(
            f"telephony {rate:4} calls/s: {figures['SuccessfulCall(C)']} of {count} connected, answered after"
            f" {figures['ResponseTime1(C)']}, {figures['Retransmissions(C)']} retransmissions, proxy CPU"
            f" {spent * 1000 / count:.1f} ms a call, events {dict(platform.events)} {time.monotonic() - begun:.1f} s later"
        )


def _cpu(process: int) -> float:
    """Return the seconds of CPU that a process and its children have taken."""
    seconds = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if process in (int(path.parent.name), int(fields[1])) or int(fields[3]) == process:
            seconds += (int(fields[11]) + int(fields[12])) / TICK
    return seconds
