"""Taking messages to their endpoints: at least once, by any number of workers, none lost when one of them dies.

A worker leases what it takes in hand; two never hold the same, and what a dead one held is free again when its lease
is over. An endpoint that can not be reached rests, and one delivery alone tries the way again: so that ten thousand
messages to a system that is down cost an attempt an hour, and do not hold up those to the others.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from yanzhen.foundation import crypto
from yanzhen.foundation.outbox import leasing
from yanzhen.foundation.outbox.declare import NOTICES
from yanzhen.foundation.outbox.leasing import Leased
from yanzhen.foundation.outbox.posting import Outcome, post
from yanzhen.foundation.scope import EVERYTHING, database_scope

THREADS = 64
PATIENCE = 60
"""Seconds; a POST ends long before."""
Clock = Callable[[], datetime]
GATHER = 0.02
"""Seconds to wait for more answers once there is one: they are written down together."""
SPREAD_EVERY = 0.5
"""Seconds; so that messages to others get their deliveries while a long queue to one is worked off."""
logger = logging.getLogger(__name__)


@contextmanager
def unhurried() -> Iterator[None]:
    """Open a transaction that does not wait for the disk: should it be lost in a crash, something is sent once more."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit to off")
        yield


class Courier:
    """Holds the threads that wait for receivers; the database is used by the thread that calls alone."""

    def __init__(self, pool: ThreadPoolExecutor, clock: Clock = timezone.now) -> None:
        self.pool = pool
        self.clock = clock
        self.out: dict[Future[Outcome], Leased] = {}
        self.spread_at = 0.0

    def step(self, *, patience: float) -> bool:
        """Book what came back and take in hand what is due; wait up to `patience` seconds for an answer first.

        Return whether there is more to do now.
        """
        if self.out:
            wait(self.out, timeout=patience, return_when=FIRST_COMPLETED)
            wait(self.out, timeout=GATHER)
        done = [(self.out.pop(future), future.result()) for future in list(self.out) if future.done()]
        if done:
            with unhurried():
                leasing.settle(done, now=self.clock())
        fresh = 0
        with unhurried():
            taken = leasing.lease(THREADS - len(self.out), now=self.clock())
            if not taken or time.monotonic() - self.spread_at > SPREAD_EVERY:
                fresh = leasing.spread(now=self.clock())
                self.spread_at = time.monotonic()
        for leased in taken:  # only once the lease is committed, lest two send the same at a time
            self.out[self._sending(leased)] = leased
        return bool(self.out or fresh)

    def _sending(self, leased: Leased) -> Future[Outcome]:
        """Have it sent. The key is opened here: it may have to be read from the database."""
        try:
            secret = crypto.open_(leased.secret_cipher, context=leased.code)
        except crypto.KeyProblem as problem:
            unsent: Future[Outcome] = Future()
            unsent.set_result(Outcome(None, problem.message, down=True))
            return unsent
        return self.pool.submit(send, leased, secret, self.clock())


def deliver(*, clock: Clock = timezone.now) -> None:
    """Deliver what is due by `clock`, and return when nothing is left that can go now."""
    with ThreadPoolExecutor(THREADS, "outbox") as pool:
        courier = Courier(pool, clock)
        while courier.step(patience=PATIENCE):
            pass


def loop(stop: threading.Event, *, interval: float = 0.5) -> None:
    """Deliver until `stop` is set; the worker process runs it in a thread of its own.

    A lost database is logged and tried again at the next beat; what was out by then is sent again when its lease is over.
    """
    with ThreadPoolExecutor(THREADS, "outbox") as pool:
        courier = Courier(pool)
        while not stop.is_set():
            try:
                with database_scope({EVERYTHING}):
                    while courier.step(patience=interval) and not stop.is_set():
                        pass
            except (OperationalError, InterfaceError) as problem:
                logger.warning("outbox: %s", problem.__class__.__name__, exc_info=problem)
                connection.close()
                courier = Courier(pool)
            stop.wait(interval)
    connection.close()


def send(leased: Leased, secret: str, now: datetime) -> Outcome:
    return post(
        leased.url, body_of(leased), secret=secret, event=str(leased.event), timestamp=int(now.timestamp())
    )


def body_of(leased: Leased) -> bytes:
    """Return the JSON that is sent, the same at each attempt: type, timestamp, data (Standard Webhooks)."""
    kind = NOTICES[leased.kind].label if leased.kind in NOTICES else leased.kind
    data: dict[str, Any] = {"kind": kind, "text": leased.text, **leased.payload}
    said = {"type": leased.kind, "timestamp": timezone.localtime(leased.at).isoformat(), "data": data}
    return json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
