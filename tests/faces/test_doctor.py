"""`yanzhen doctor`: each check passes where all is well, and says what to do where it is not."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from psycopg import sql

from tests import rosters
from tests.factories import CaseFactory
from yanzhen.domains.hotline.models import Case
from yanzhen.faces.cli import doctor, postgres
from yanzhen.foundation import calendar, crypto
from yanzhen.foundation.models import CalendarYear, DataKey

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to be (2026-11-24)")


def as_owner(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"reset role; {statement}; set role yanzhen_web")


@pytest.fixture
def area(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of its own that the system user can reach, as /var/lib/yanzhen is."""
    base = Path(tempfile.mkdtemp(prefix="yz", dir="/tmp"))
    base.chmod(0o755)
    monkeypatch.setenv("YANZHEN_DATA_DIR", str(base / "data"))
    yield base / "data"
    shutil.rmtree(base)


# ---- the machine ----


def test_a_full_disk_is_told_with_its_folder(area: Path, monkeypatch: pytest.MonkeyPatch):
    well = doctor.disk()
    monkeypatch.setattr(doctor, "FREE_BYTES", 2**60)

    assert (well, (doctor.disk() or "").startswith(f"{area.parent} 只剩 ")) == (None, True)


def test_keys_that_are_missing_or_open_to_others_are_told(area: Path, monkeypatch: pytest.MonkeyPatch):
    area.mkdir()
    file = area / "keys.env"
    file.touch(mode=0o600)
    well = doctor.keys()
    file.chmod(0o640)
    open_to_others = doctor.keys()
    monkeypatch.delenv("YANZHEN_MASTER_KEY")

    assert (well, open_to_others) == (None, f"{file} 其他用户可读，请运行 chmod 600 {file}")
    assert (doctor.keys() or "").startswith("缺少 YANZHEN_MASTER_KEY：请放回 ")


def test_trap_3_and_4_the_servers_folders_are_its_own_users_alone(
    area: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("YANZHEN_EMBEDDED", "1")
    without_a_cluster = doctor.wheel()
    postgres.start(area, fast=True)
    found = []
    for folder in (area / "postgres", area / "run"):
        mode = stat.S_IMODE(folder.stat().st_mode)
        folder.chmod(0o750)
        found.append(doctor.wheel())
        folder.chmod(mode)
    well = doctor.wheel()
    postgres.stop(area)

    assert (without_a_cluster, well) == (None, None)
    assert found == [
        f"{folder} 应归数据库用户独有（0700）；请检查是谁改动了它"
        for folder in (area / "postgres", area / "run")
    ]


@as_root
def test_trap_3_a_program_that_only_root_can_reach_is_told(area: Path, monkeypatch: pytest.MonkeyPatch):
    program = area.parent / "bin" / "python"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    well = doctor.unprivileged()
    program.parent.chmod(0o700)

    assert well is None
    assert (doctor.unprivileged() or "").startswith("程序所在目录只有 root 能进入")


# ---- the database ----


@pytest.mark.django_db
def test_a_database_made_by_the_product_passes_every_check():
    assert [check.label for check in doctor.DATABASE if check.problem()] == []


@pytest.mark.django_db
def test_a_change_that_was_not_made_is_told_with_what_to_run():
    as_owner("delete from django_migrations where app = 'hotline' and name = '0001_tables'")

    assert doctor.pending() == "还有 1 项数据库变更未执行（hotline.0001_tables 等），请运行 yanzhen init"


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The URL of the tests' server, to make databases on that the product would not make."""
    url = os.environ["DATABASE_URL"]
    yield url
    with psycopg.connect(url, autocommit=True) as session:
        for name in ("ctype", "ascii"):
            session.execute(
                sql.SQL("drop database if exists {}").format(sql.Identifier(f"yanzhen_{os.getpid()}_{name}"))
            )


def diagnosed(url: str, name: str, make: str) -> tuple[int, list[str]]:
    """Make a database and run the command on it; return its exit code and lines."""
    name = f"yanzhen_{os.getpid()}_{name}"
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(sql.SQL("create database {} template template0 " + make).format(sql.Identifier(name)))
    done = subprocess.run(
        [sys.executable, "-m", "yanzhen.faces.cli.main", "doctor"],
        env=os.environ
        | {"DATABASE_URL": urlsplit(url)._replace(path=f"/{name}").geturl(), "YANZHEN_EMBEDDED": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_trap_1_a_database_whose_letters_are_plain_c_is_told(elsewhere: str):
    code, lines = diagnosed(elsewhere, "ctype", "encoding 'UTF8' lc_collate 'C' lc_ctype 'C'")

    assert code == 1
    assert f"✗ 中文按字识别：LC_CTYPE 是 C，中文检索失效；{doctor.REMAKE}" in lines
    assert {"✓ PostgreSQL 版本", "✓ 编码", "✓ 数据库连接"} <= set(lines)


def test_a_database_of_another_encoding_is_told(elsewhere: str):
    _code, lines = diagnosed(elsewhere, "ascii", "encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'")

    assert f"✗ 编码：编码是 SQL_ASCII，应为 UTF8；{doctor.REMAKE}" in lines


@pytest.mark.django_db
def test_trap_2_words_of_two_characters_are_found_and_no_index_of_trigrams_is_relied_on():
    row, _other = CaseFactory(body="老板欠薪跑路，请求帮助追讨。"), CaseFactory()

    with connection.cursor() as cursor:
        cursor.execute("select indexname from pg_indexes where indexdef ~ 'trgm'")
        relied_on = cursor.fetchall()

    assert list(Case.objects.filter(body__icontains="欠薪")) == [row]
    assert relied_on == []


def test_a_database_that_does_not_answer_is_told_and_nothing_else_is_asked(area: Path):
    done = subprocess.run(
        [sys.executable, "-m", "yanzhen.faces.cli.main", "doctor"],
        env=os.environ
        | {"DATABASE_URL": f"postgresql://yanzhen@/yanzhen?host={area}", "YANZHEN_EMBEDDED": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert [
        line.split("：")[0] for line in done.stdout.splitlines() if "数据" in line or "Postgre" in line
    ] == [
        "✓ 本机数据库的用户和套接字",
        "✗ 数据库连接",
    ]


# ---- the service ----


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("select 1", None),
        ("alter role yanzhen_web bypassrls", "数据库角色 yanzhen_web 权限过大，请运行 yanzhen init"),
        (
            "grant update on foundation_record to yanzhen_web",
            "foundation_record 未受保护，请运行 yanzhen init",
        ),
        ("grant delete on foundation_leaf to yanzhen_web", "foundation_leaf 未受保护，请运行 yanzhen init"),
        (
            "alter table foundation_person disable row level security",
            "foundation_person 未受保护，请运行 yanzhen init",
        ),
        ("drop policy reach on hotline_case", "hotline_case 未受保护，请运行 yanzhen init"),
    ],
)
def test_a_wall_that_is_down_is_told(statement, problem):
    as_owner(statement)

    assert doctor.role_walls() == problem


@pytest.mark.django_db
def test_an_installation_without_a_data_key_is_told():
    crypto.begin()
    well = doctor.data_key()
    DataKey.objects.update(retired_at="2026-11-24T00:00:00Z")

    assert (well, doctor.data_key()) == (None, "没有可用的数据密钥，请运行 yanzhen init")


@pytest.mark.django_db
def test_from_december_on_next_years_holidays_are_asked_for():
    calendar.seed()
    newest = CalendarYear.objects.filter(status="published").latest("year").year

    with time_machine.travel(date(newest, 11, 30)):
        november = doctor.calendar_years()
    with time_machine.travel(date(newest, 12, 1)):
        december = doctor.calendar_years() or ""

    assert (november, str(newest + 1) in december) == (None, True)


@pytest.mark.django_db
def test_a_worker_that_is_silent_or_behind_is_told():
    nobody = doctor.worker()
    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers (last_heartbeat) values (now())")
        well = doctor.worker()
        cursor.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args) values ('default', 'x', '{}')"
        )
        cursor.execute("update procrastinate_events set at = now() - interval '11 minutes'")

    assert (nobody, well) == ("后台任务没有运行，请启动 yanzhen worker", None)
    assert doctor.worker() == "最早的任务已等待 0:11:00，请增加 worker 或查看其日志"


@pytest.mark.django_db
def test_with_nothing_to_seal_nothing_is_behind():
    assert doctor.sealed() is None


@pytest.mark.django_db
def test_a_hole_of_the_next_day_is_told_where_people_are_rostered_at_all():
    here = rosters.place()
    assert doctor.roster() is None

    now = timezone.now()
    rosters.shift(here.seat(here.province), here.province, now, now + timedelta(hours=8))
    told = doctor.roster()
    assert told is not None
    assert told.startswith("区划 370000")
    for start in (8, 16):
        hours = timedelta(hours=start)
        rosters.shift(here.seat(here.province), here.province, now + hours, now + hours + timedelta(hours=9))

    assert doctor.roster() is None
