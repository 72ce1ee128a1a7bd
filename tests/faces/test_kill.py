"""Everything is killed in the middle, as a power cut would: what was acknowledged is there, what was begun is finished."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from openpyxl import Workbook

from tests.faces.test_backup import program
from tests.faces.test_install import Installation, made
from yanzhen.faces.cli import postgres

pytestmark = pytest.mark.slow

ROWS = 12_000
SENDERS = 4
KILLED_AFTER = 60
"""Receipts, so that the kill falls into the middle of the flood."""
BODY = "工地自八月起没有发工资，班组二十人，找项目部多次没有结果。"
SUBMIT = """
import sys
from pathlib import Path
from django.core.files.base import ContentFile
from yanzhen.foundation import sheets
from yanzhen.foundation.models import Account, Grant, Region, Role
from yanzhen.foundation.sheets import SHEETS
clerk = Account.objects.create(username="clerk", name="王某")
for code in ("dispatcher", "agent"):
    Grant.objects.create(account=clerk, role=Role.objects.get(code=code), region=Region.objects.get(code="370000"))
path = Path({path!r})
print(sheets.submit(SHEETS["hotline.appeals"], ContentFile(path.read_bytes(), path.name), actor=clerk).pk)
"""
CONFIRM = """
from yanzhen.foundation import sheets
from yanzhen.foundation.models import Batch
batch = Batch.objects.get()
sheets.confirm(batch, actor=batch.sender)
"""
SHORTLIST = """
from django.db import transaction
from django.utils import timezone
from tests.results import at_stage
from tests.selection import open_round, organiser, programme
from tests.factories import LineFactory, OrganisationFactory, RegionFactory
from yanzhen.engines.programmes import quotas
from yanzhen.engines.programmes.models import Application
from yanzhen.engines.programmes.results.works import SHORTLIST_RUN
from yanzhen.engines.programmes.works.asking import ask
from yanzhen.foundation.bulk import copy_in, reserve_ids
from yanzhen.foundation.scope import EVERYTHING, database_scope
with database_scope({EVERYTHING}):
    actor = organiser()
    made = open_round(actor, programme(ratios=(), per_employer=0))
    quotas.deal(made, {"3701": 1, "3702": 1}, actor=actor)
    unit = OrganisationFactory(region=RegionFactory(code="370102"), line=LineFactory())
    rows = [
        Application(pk=pk, round=made, organisation=unit, region_id="370102", line_id="union", title="x", number=f"B-{pk}",
                    state="review", procedure_version=made.pk, started_at=timezone.now(), cell=("3701", "3702")[n % 2],
                    check_hash=b"0" * 32, score=100 - n / 1000, place=n + 1)
        for n, pk in enumerate(reserve_ids(Application, 40_000))
    ]
    with transaction.atomic():
        copy_in(Application, rows)
    ask(at_stage(made, "shortlist"), SHORTLIST_RUN, actor=actor)
"""


class Running:
    """Web and worker of an installation, started as an operator does, ended by nothing milder than SIGKILL."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        plain = {k: v for k, v in os.environ.items() if k != "DATABASE_URL" and not k.startswith("YANZHEN_")}
        environment = plain | {
            "YANZHEN_DATA_DIR": str(self.installation.root),
            "YANZHEN_STATIC_ROOT": str(settings.STATIC_ROOT),
            "YANZHEN_PROXIES": "1",
        }
        for command in (("serve", "--port", str(self.port)), ("worker",)):
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "yanzhen.faces.cli.main", *command],
                    env=environment,
                    start_new_session=True,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        self.wait_for(self.serves, "the web server")

    def serves(self) -> bool:
        try:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            line.request("GET", "/healthz")
            return line.getresponse().status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """Kill web, worker and the whole of PostgreSQL at once."""
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
        for pid in self.database():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # a server that is dying still looks like one that runs
        self.wait_for(lambda: not self.database(), "the end of PostgreSQL")
        for process in self.processes:
            process.wait()
        self.processes = []

    def database(self) -> list[int]:
        """Return the processes of PostgreSQL: their folder is the data's."""
        data, found = self.installation.root / "postgres", []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            try:
                if link.readlink() == data:
                    found.append(int(link.parts[2]))
            except OSError:  # gone meanwhile, or not ours to look at
                continue
        return found

    def wait_for(self, what: object, name: str, seconds: float = 150) -> None:
        deadline = time.monotonic() + seconds
        while not what():  # type: ignore[operator]
            assert time.monotonic() < deadline, f"{name} did not come about"
            time.sleep(0.2)

    def one(self, statement: str) -> object:
        return self.installation.fetched(statement)[0][0]


@pytest.fixture
def running() -> Iterator[Running]:
    for installation in made():
        going = Running(installation)
        going.start()
        yield going
        going.kill()
        postgres.start(installation.root)


def send(port: int, receipts: list[str], stop: threading.Event) -> None:
    """File appeal after appeal, noting the number of each that was acknowledged, until the server is gone."""
    try:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        line.request("GET", "/submit/")
        page = line.getresponse()
        cookie = page.headers["Set-Cookie"].split(";")[0]
        found = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
        assert found
        while not stop.is_set():
            fields = {
                "csrfmiddlewaretoken": found[1], "token": str(uuid.uuid4()), "body": BODY, "region": "370102", "anonymous": "on",
            }  # fmt: skip
            body = "".join(
                f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()
            )
            line.request(
                "POST", "/submit/", f"{body}--x--\r\n".encode(),
                {
                    "Content-Type": "multipart/form-data; boundary=x", "Cookie": cookie,
                    "X-Forwarded-For": f"10.{os.urandom(1)[0]}.{os.urandom(1)[0]}.{os.urandom(1)[0]}",
                },
            )  # fmt: skip
            answer = line.getresponse()
            answer.read()
            if answer.status == 303:
                receipt = answer.headers["Set-Cookie"].split(";")[0]
                line.request("GET", "/receipt/", headers={"Cookie": receipt})
                number = re.search(r"GD\d{6}-\d{8}-\d{5}-\w", line.getresponse().read().decode())
                if number:
                    receipts.append(number[0])
    except (OSError, http.client.HTTPException):
        return


def test_no_acknowledged_appeal_is_missing_after_a_kill_of_everything(running):
    receipts: list[str] = []
    stop = threading.Event()
    senders = [threading.Thread(target=send, args=(running.port, receipts, stop)) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    running.wait_for(lambda: len(receipts) >= KILLED_AFTER, "the flood")

    running.kill()
    stop.set()
    for sender in senders:
        sender.join()
    running.start()

    there = {number for (number,) in running.installation.fetched("select number from hotline_case")}
    assert len(receipts) >= KILLED_AFTER
    assert set(receipts) - there == set()
    running.wait_for(
        lambda: running.one("select count(*) from foundation_record r where not exists"
                            " (select from foundation_leaf l where l.record_id = r.id)") == 0,
        "the sealing of all records",
    )  # fmt: skip
    assert running.one("select count(*) from hotline_case") == running.one(
        "select count(*) from foundation_record where verb = 'start' and subject_type = 'hotline.case'"
    )
    assert "全部相符" in running.installation.done("records", "verify")


def test_an_import_that_was_killed_in_the_middle_is_finished_and_nothing_comes_twice(running, tmp_path):
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["行政区划", "诉求内容", "匿名"])
    for n in range(ROWS):
        sheet.append(["370102", f"第 {n} 件：单位拖欠三个月工资，请求帮助追讨。", "是"])
    path = tmp_path / "诉求.xlsx"
    book.save(path)
    program(running.installation, SUBMIT.format(path=str(path)))
    running.wait_for(lambda: running.one("select state from foundation_batch") == "checked", "the check")
    program(running.installation, CONFIRM)
    running.wait_for(
        lambda: 0 < int(str(running.one("select count(*) from hotline_case"))) < ROWS, "the middle"
    )

    running.kill()
    running.start()

    running.wait_for(lambda: running.one("select state from foundation_batch") == "applied", "the end")
    assert running.installation.fetched(
        "select count(*), count(distinct body), count(distinct number) from hotline_case"
    ) == [(ROWS, ROWS, ROWS)]
    assert running.one("select done from foundation_batch") == ROWS


def test_a_shortlist_whose_worker_was_killed_over_it_is_run_by_the_next(running):
    program(running.installation, SHORTLIST)
    running.wait_for(lambda: running.one("select status from works_work") == "running", "the middle")

    running.kill()
    assert running.processes == []
    running.start()

    running.wait_for(lambda: running.one("select status from works_work") in {"done", "failed"}, "the end")
    assert running.installation.fetched("select status, begun from works_work") == [("done", 2)]
    assert running.one("select count(*) from results_shortlistrun") == 1
    assert running.one("select count(*) from foundation_record where verb = 'shortlist.run'") == 1
