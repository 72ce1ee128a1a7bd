"""What taking an appeal in costs: through the form and through the API, at 0 and at a million cases, 16 clients at once.

Web and database are measured by the CPU time of their processes, which swings less than the clock on a shared machine.
Beside it stand the bare INSERTs that one appeal comes to, sent by psycopg in the same run.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import connection

from bench._cpu import children, measured
from bench.province import CASES, province
from yanzhen.foundation.accounts import issue_token
from yanzhen.foundation.models import Account, Grant, Role, Tally

CLIENTS = 16
REQUESTS = 1600
WARM_UP = 160
BODY = "我们班组二十人自八月起在高新区工业南路工地干活，项目部拖欠三个月工资共计十八万元，多次讨要没有结果，请帮助追讨。"

Send = Callable[[http.client.HTTPConnection, int], None]


def run(say: Callable[[str], None]) -> None:
    for cases in (0, CASES):
        with province(cases):
            _one(say, cases)


def _one(say: Callable[[str], None], cases: int) -> None:
    account = Account.objects.create_user("bench-program", name="bench")
    Grant.objects.create(
        account=account, role=Role.objects.get(code="agent"), region_id="370000", line_id="union"
    )
    key = issue_token(account, "bench", actor=None)
    dsn = connection.get_connection_params()
    client, db, took, _ = measured([os.getpid()], REQUESTS, lambda: _bare(dsn))
    bare = client + db
    say(
        f"bare  at {cases:9,} cases: client {client:5.2f} + database {db:5.2f} ms CPU for the INSERTs alone,"
        f" {REQUESTS / took:5.0f}/s with {CLIENTS} clients"
    )
    with _server() as (port, pids):
        ways: dict[str, Send] = {"form": _form(port), "api": _api(key)}
        for name, send in ways.items():
            _flood(port, send, WARM_UP)
            web, db, took, each = measured(pids, REQUESTS, lambda send=send: _flood(port, send, REQUESTS))
            p50, p99 = statistics.median(each) * 1000, statistics.quantiles(each, n=100)[98] * 1000
            say(
                f"{name:5} at {cases:9,} cases: web {web:5.2f} + database {db:5.2f} ms CPU a request,"
                f" {(web + db) / bare:4.1f} times the INSERTs; {REQUESTS / took:5.0f}/s with {CLIENTS} clients,"
                f" p50 {p50:4.0f} p99 {p99:4.0f} ms"
            )
    Tally.objects.all().delete()


@contextmanager
def _server() -> Iterator[tuple[int, list[int]]]:
    """Serve as an installation does, as the web's role, on a free port; give the port and the processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = connection.settings_dict
    url = f"postgresql://{settings.WEB_ROLE}@/{given['NAME']}?host={given['HOST']}"
    server = subprocess.Popen(
        [sys.executable, "-m", "yanzhen.faces.cli.main", "serve", "--port", str(port)],
        env={**os.environ, "DATABASE_URL": url, "YANZHEN_PROXIES": "1"},
        start_new_session=True,
    )
    try:
        _await(port)
        yield port, [server.pid, *children(server.pid)]
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _await(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def _form(port: int) -> Send:
    client = http.client.HTTPConnection("127.0.0.1", port)
    client.request("GET", "/submit/")
    answer = client.getresponse()
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    found = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', answer.read().decode())
    assert found

    def send(client: http.client.HTTPConnection, n: int) -> None:
        edge = "bench"
        fields = {
            "csrfmiddlewaretoken": found[1], "token": str(uuid.uuid4()), "body": BODY, "region": "370102",
            "phone": f"138{n:08}", "name": "张某", "employer": "演示建筑公司",
        }  # fmt: skip
        body = "".join(
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        client.request(
            "POST", "/submit/", f"{body}--{edge}--\r\n".encode(),
            {"Content-Type": f"multipart/form-data; boundary={edge}", "Cookie": cookie, **_from(n)},
        )  # fmt: skip
        _expect(client, 303)

    return send


def _from(n: int) -> dict[str, str]:
    """Name another address for every few requests, as a proxy would: one address may not send so many."""
    return {"X-Forwarded-For": f"10.{n % 250}.{n // 250 % 250}.{os.urandom(1)[0]}"}


def _api(key: str) -> Send:
    def send(client: http.client.HTTPConnection, n: int) -> None:
        appeal = {
            "body": BODY,
            "region": "370102",
            "phone": f"138{n:08}",
            "name": "张某",
            "employer": "演示建筑公司",
        }
        client.request(
            "POST", "/api/appeals", json.dumps(appeal),
            {"Content-Type": "application/json", "Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid.uuid4())},
        )  # fmt: skip
        _expect(client, 201)

    return send


def _expect(client: http.client.HTTPConnection, status: int) -> None:
    answer = client.getresponse()
    body = answer.read()
    if answer.status != status:
        raise RuntimeError(f"{answer.status}: {body[:300].decode(errors='replace')}")


def _flood(port: int, send: Send, requests: int) -> list[float]:
    """Send `requests` from all clients in a closed loop; return how long each took."""

    def client(first: int) -> list[float]:
        line = http.client.HTTPConnection("127.0.0.1", port)
        took = []
        for n in range(first, requests, CLIENTS):
            begun = time.perf_counter()
            send(line, n)
            took.append(time.perf_counter() - begun)
        return took

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [took for each in pool.map(client, range(CLIENTS)) for took in each]


BARE = (
    "insert into foundation_series (code, last) values ('bare', 1) on conflict (code) do update"
    " set last = foundation_series.last + 1",
    "insert into hotline_case (region_id, line_id, shared_with, party_keys, open_parties, number, state, procedure_version, due_at, late, step,"
    " started_at, channel, received_at, title, body, urgency, employer, employer_key, place, headcount, anonymous, secret,"
    " caller_cipher, caller_mask, phone_hash, phone_tail_hash, check_hash, reply, satisfaction, complexity, returns)"
    " values ('370102', 'union', '{}', '{}', 0, %(number)s, 'received', 1, now(), false, 0, now(), 'web', now(), 'x', %(body)s,"
    " 'normal', 'x', 'x', '', 1, false, false, %(hash)s, '张* 138****0000', %(hash)s, %(hash)s, %(hash)s, '', '', 'ordinary', 0)",
    "insert into procedures_clock (procedure, subject_id, label, parameter_id, started_at, extension, pauses, due_at,"
    " provisional, rung) select 'hotline.case', currval('hotline_case_id_seq'), 'x', min(id), now(), 0, '[]', now(), false, 0"
    " from foundation_parameter",
    "insert into foundation_record (verb, subject_type, subject_id, region_id, line_id, after, reason)"
    " values ('start', 'hotline.case', 'x', '370102', 'union', '{\"state\": \"received\"}', '')",
    "insert into foundation_replay (sender, key, fingerprint, status, answer, at)"
    " values ('bare', %(number)s, %(number)s, 201, '{}', now())",
)


def _bare(dsn: dict[str, object]) -> list[float]:
    """Write the rows of REQUESTS appeals, each in a transaction of its own, from as many clients."""

    def client(first: int) -> None:
        options = {k: v for k, v in dsn.items() if k in {"dbname", "user", "host", "port", "password"} and v}
        with psycopg.connect(**options, autocommit=True, prepare_threshold=2) as session:  # type: ignore[arg-type]
            for n in range(first, REQUESTS, CLIENTS):
                values = {"number": f"BARE-{uuid.uuid4().hex[:24]}-{n}"[:32], "body": BODY, "hash": b"0" * 32}
                with session.transaction():
                    for statement in BARE:
                        session.execute(statement, values)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))
    return []
