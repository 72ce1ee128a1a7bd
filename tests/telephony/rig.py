"""Kamailio with the shipped configuration and SIP telephones by sipp, on loopback: for the test and for the bench."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "contrib" / "kamailio" / "kamailio.cfg"
SCENARIOS = ROOT / "contrib" / "kamailio" / "sipp"
HOST = "127.0.0.1"
MODULES = ("http_client", "jansson")


def missing() -> str | None:
    """Return what the rig lacks, or None."""
    lacking = [name for name in ("kamailio", "sipp") if shutil.which(name) is None]
    folders = list(Path("/usr/lib").glob("*/kamailio/modules"))
    lacking += [name for name in MODULES if not any((f / f"{name}.so").exists() for f in folders)]
    if not lacking:
        return None
    return (
        f"NO TELEPHONY TEST RUNS: {', '.join(lacking)} not found."
        " On Debian: apt-get install kamailio kamailio-utils-modules kamailio-extra-modules sip-tester"
    )


def free_port() -> int:
    """Return a UDP port that nobody holds now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


class Receiver:
    """Takes the events as the platform does, and keeps them; the first come to `answers`, such as 503, one after another."""

    def __init__(self, *answers: int) -> None:
        self.events: list[dict[str, str]] = []
        kept, refused = self.events, iter(answers)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status = next(refused, 200)
                if status == 200:
                    kept.append(dict(parse_qsl(body, keep_blank_values=True)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self._server.server_address[1]}/cti/test"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def by_caller(self) -> dict[str, list[tuple[str, str, str]]]:
        """Return (event, whom it rings at or who answered, cause) for each caller in the order of `seq`."""
        found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for event in sorted(self.events, key=lambda event: Decimal(event["seq"])):
            seat = event.get("answeringNumber") or event.get("user[]", "")
            found[event["from"]].append((event["event"], seat, event.get("cause", "")))
        return dict(found)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Rig:
    """Processes of its own in a folder of its own; `close` ends those and no others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sip = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    def telephone(self, scenario: str, *, after_ms: int = 20) -> int:
        """Start a telephone that does as the scenario says; return its port."""
        port = free_port()
        self._start("sipp", "-sf", SCENARIOS / f"{scenario}.xml", "-d", after_ms, "-i", HOST, "-p", port, "-nostdin",
                    "-l", 10000)  # fmt: skip
        return port

    def proxy(self, settings: Mapping[str, str], *, pinned_to: int | None = None) -> int:
        """Start Kamailio as `settings` say and wait until it answers; return its process id."""
        prefix = ("taskset", "-c", pinned_to) if pinned_to is not None else ()
        process = self._start(
            *prefix, "kamailio", "-f", CONFIG, "-DD", "-E", "-m", 128, "-M", 8, "-P", self.folder / "kamailio.pid",
            "-Y", self.folder, environment={"LISTEN": f"udp:{HOST}:{self.sip}", "TRUNK": r"^127\.0\.0\.1$", **settings},
        )  # fmt: skip
        wait_for(lambda: answers(self.sip), seconds=8, what="Kamailio")
        return process.pid

    def call(
        self,
        callers: Iterable[str],
        *,
        rate: int = 20,
        talk_ms: int = 100,
        seconds: int = 20,
        call_id: str = "%u-%p@%s",
    ) -> dict[str, str]:
        """Let every one of `callers` call once, with Call-IDs as sipp writes `call_id`; return the last line of its figures."""
        numbers, figures = self.folder / "callers.csv", self.folder / "figures.csv"
        lines = [f"{number}\n" for number in callers]
        numbers.write_text("SEQUENTIAL\n" + "".join(lines))
        figures.unlink(missing_ok=True)
        command = ["sipp", f"{HOST}:{self.sip}", "-sf", SCENARIOS / "caller.xml", "-inf", numbers, "-i", HOST,
                   "-p", free_port(), "-m", len(lines), "-r", rate, "-d", talk_ms, "-l", 10000, "-nostdin",
                   "-timeout", f"{seconds}s", "-trace_stat", "-stf", figures, "-fd", 1, "-cid_str", call_id]  # fmt: skip
        with suppress(subprocess.TimeoutExpired):  # sipp waits for calls that hang; the figures tell how many
            subprocess.run(  # our own command
                list(map(str, command)), cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                timeout=seconds + 5, check=False,
            )  # fmt: skip
        with figures.open(newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))[-1]

    def close(self) -> None:
        for process in reversed(self._processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def log(self) -> str:
        return "\n".join(
            path.read_text(errors="replace")[-3000:] for path in sorted(self.folder.glob("*.log"))
        )

    def _start(
        self, *command: object, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(  # our own command
                list(map(str, command)), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}, start_new_session=True,
            )  # fmt: skip
        self._processes.append(process)
        return process


def answers(port: int) -> bool:
    """Ask whether a SIP server is there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind((HOST, 0))
        asking.settimeout(0.2)
        own = asking.getsockname()[1]
        asking.sendto(
            (
                f"OPTIONS sip:{HOST}:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST}:{own};branch=z9hG4bK{own}\r\n"
                f"From: <sip:test@{HOST}>;tag=1\r\nTo: <sip:{HOST}>\r\nCall-ID: {own}\r\nCSeq: 1 OPTIONS\r\n"
                "Max-Forwards: 10\r\nContent-Length: 0\r\n\r\n"
            ).encode(),
            (HOST, port),
        )
        try:
            return asking.recv(2000).startswith(b"SIP/2.0 200")
        except OSError:
            return False


def wait_for(met: Any, *, seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not met():
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: not there after {seconds} s")
        time.sleep(0.05)
