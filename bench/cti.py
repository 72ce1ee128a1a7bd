"""What taking a telephone event in costs: 100 a second for a while, in order; then the same shuffled and each doubled.

The events come by HTTP to the server as an installation runs it. Web and database are measured by the CPU time of their
processes. Both runs have to come to the same calls and the same call-backs; that is checked, not assumed.
"""

from __future__ import annotations

import http.client
import json
import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.intake import _backends, _cpu, _database, _expect, _server
from bench.province import province
from yanzhen.domains.hotline.calls.actions import open_trunk
from yanzhen.domains.hotline.calls.models import Call, CallBack, CallEvent
from yanzhen.domains.hotline.rosters.models import Seat
from yanzhen.engines.procedures.models import Clock
from yanzhen.foundation.models import Account, Grant, Region, Role, Tally
from yanzhen.foundation.scope import EVERYTHING, database_scope

CALLS = 400
RATE = 100
CLIENTS = 8
SEATS = 20


def run(say: Callable[[str], None]) -> None:
    with province(0), _server() as (port, pids):
        token = _switchboard()
        told = _told()
        finals = []
        mixed = random.Random(7).sample(told * 2, 2 * len(told))  # noqa: S311  # an order, no secret
        for name, run_of in (("in order", told), ("shuffled and doubled", mixed)):
            before = _cpu(pids), _cpu(_backends(_database()))
            each, took = _send(port, token, run_of)
            web, db = (
                after - b for after, b in zip((_cpu(pids), _cpu(_backends(_database()))), before, strict=True)
            )
            finals.append(_final())
            quantiles = statistics.quantiles(each, n=100)
            say(
                f"{name:21}: {len(run_of)} events at {len(run_of) / took:5.1f}/s, p50 {statistics.median(each) * 1000:5.1f}"
                f" p99 {quantiles[98] * 1000:5.1f} ms, web {web * 1000 / len(run_of):4.2f} + database"
                f" {db * 1000 / len(run_of):4.2f} ms CPU an event; {_counted()}"
            )
            _forget()
        say(f"the two come to the same calls and call-backs: {finals[0] == finals[1]}")
        if finals[0] != finals[1]:
            raise RuntimeError("order or doubling changed what the calls came to")


def _switchboard() -> str:
    for n in range(SEATS):
        account = Account.objects.create_user(f"bench-seat-{n}", name=f"seat {n}")
        Grant.objects.create(
            account=account, role=Role.objects.get(code="agent"), region_id="370000", line_id="union"
        )
        Seat.objects.create(account=account, extension=f"8{n:03}", address=f"sip:8{n:03}@127.0.0.1")
    return open_trunk("bench", Region.objects.get(code="370000"), actor=None)[1]


def _told() -> list[dict[str, Any]]:
    """Two calls of three are answered, one transferred in ten; of the others some callers try again."""
    begun = datetime.now(UTC) - timedelta(hours=1)
    events = []
    for n in range(CALLS):
        seat, caller = f"8{n % SEATS:03}", f"138{n % 350:08}"

        def event(kind: str, second: int, **more: Any) -> dict[str, Any]:
            at = begun + timedelta(seconds=n + second)  # noqa: B023  # called in this round
            return {"event": kind, "callId": f"b{n}", "direction": "in", "from": caller, "to": "053112351",  # noqa: B023
                    "ts": at.isoformat(), **more}  # fmt: skip

        events.append(event("newCall", 0, user=[seat]))
        if n % 3:
            events.append(event("answer", 4, answeringNumber=seat))
            if n % 10 == 1:
                events.append(event("answer", 60, answeringNumber=f"8{(n + 1) % SEATS:03}"))
        events.append(event("hangup", 90 if n % 3 else 20, cause="normalClearing" if n % 3 else "noAnswer"))
    return events


def _send(port: int, token: str, events: list[dict[str, Any]]) -> tuple[list[float], float]:
    """Send at RATE from all clients, each event at its own moment; return how long each took, and the whole."""
    begun = time.perf_counter()

    def client(first: int) -> list[float]:
        line = http.client.HTTPConnection("127.0.0.1", port)
        took = []
        for n in range(first, len(events), CLIENTS):
            time.sleep(max(0.0, begun + n / RATE - time.perf_counter()))
            sent = time.perf_counter()
            line.request("POST", f"/cti/{token}", json.dumps(events[n]), {"Content-Type": "application/json"})
            _expect(line, 200)
            took.append(time.perf_counter() - sent)
        return took

    with ThreadPoolExecutor(CLIENTS) as pool:
        each = [took for found in pool.map(client, range(CLIENTS)) for took in found]
    return each, time.perf_counter() - begun


def _final() -> list[Any]:
    with database_scope({EVERYTHING}):
        calls = Call.objects.order_by("ref").values_list(
            "ref", "direction", "status", "cause", "started_at", "answered_at", "ended_at", "wait_ms", "in_time",
            "phone_mask", "own_number", "region", "why", "seats", "legs", "answered_by", "outcome", "settled",
        )  # fmt: skip
        backs = CallBack.objects.order_by("phone_hash").values_list("phone_hash", "state", "region")
        return [*calls, *((bytes(h), *rest) for h, *rest in backs)]


def _counted() -> str:
    with database_scope({EVERYTHING}):
        return f"{Call.objects.count()} calls, {CallEvent.objects.count()} events, {CallBack.objects.count()} call-backs"


def _forget() -> None:
    with database_scope({EVERYTHING}):
        CallEvent.objects.all().delete()
        Call.objects.all().delete()
        Clock.objects.filter(procedure=CallBack.procedure_code).delete()
        CallBack.objects.all().delete()
        Tally.objects.all().delete()
