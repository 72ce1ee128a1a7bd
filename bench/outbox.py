"""Notices delivered a second, next to a bare loop of HTTP posts to the same receiver, and what `notify` adds to a change."""

from __future__ import annotations

import http.client
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.test.utils import override_settings

from bench._receiver import serve
from bench.province import province
from yanzhen.domains.hotline.models import Case
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account, Grant, Line, Region, Role
from yanzhen.foundation.outbox.courier import THREADS, deliver
from yanzhen.foundation.outbox.declare import NOTICES, Notice
from yanzhen.foundation.outbox.endpoints import register_endpoint
from yanzhen.foundation.outbox.messages import Telling, notify, notify_many
from yanzhen.foundation.outbox.models import Delivery

MESSAGES = 10_000
BODY = b'{"data": {"number": "GD370102-20261124-00001-K", "text": "..."}}'


def run(say: Callable[[str], None]) -> None:
    """Print the rates; takes about a minute."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    receiver = context.Process(target=serve, args=(there,), daemon=True)
    receiver.start()
    port = here.recv()
    with province(0), override_settings(OUTBOX_HOSTS=frozenset({"127.0.0.1"})):
        notice = NOTICES.add(Notice("bench.moved", "流转", "工单 {number} 已流转。"))
        account = Account.objects.create_user("bench", name="bench")
        Grant.objects.create(account=account, role=Role.objects.get(code="administrator"), region_id="370000")
        crypto.begin()
        register_endpoint(
            actor=account, name="bench", url=f"http://127.0.0.1:{port}/", kinds=[notice.code],
            region=Region.objects.get(pk="370000"), line=Line.objects.get(pk="union"),
        )  # fmt: skip
        case = Case(
            pk=1, region_id="370102", line_id="union", number="GD370102-20261124-00001-K", state="received"
        )
        single = _took(lambda: [notify(notice, subject=case, to=[account]) for _ in range(500)]) / 500
        Delivery.objects.all().delete()
        for _ in range(MESSAGES // 1000):
            notify_many(notice, [Telling(case)] * 1000)
        bare = _took(lambda: _posts(port, MESSAGES)) / MESSAGES
        ours = _took(deliver) / Delivery.objects.filter(state="delivered").count()
        say(f"notify to one account and the endpoints: {single * 1e6:.0f} us, one INSERT")
        say(f"bare posts, {THREADS} threads, a connection each: {1 / bare:6.0f}/s")
        say(f"{MESSAGES} notices delivered and written down: {1 / ours:6.0f}/s, {bare / ours:.2f} of it")
        assert not Delivery.objects.exclude(state="delivered").exists()
    receiver.kill()


def _posts(port: int, count: int) -> None:
    def one(_: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/", BODY)
        status = connection.getresponse().status
        connection.close()
        return status

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(one, range(count))) == {200}


def _took(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
