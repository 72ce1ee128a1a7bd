"""The demo: a province on this machine by one command, and nothing left running after Ctrl-C."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import click
from django.conf import settings
from django.db import connection

from yanzhen.faces.cli import layout, place, province
from yanzhen.faces.cli.install import update
from yanzhen.faces.cli.layout import NotReady
from yanzhen.foundation.models import Account

HOST = "127.0.0.1"
PORTS = 50
READY_SECONDS = 60
GRACE_SECONDS = 7
"""A child that has not ended by then is killed: Ctrl-C must not hang."""
Child = subprocess.Popen[bytes]


@click.command("demo")
@click.option("--port", default=8351, show_default=True, help="端口；被占用时用下一个空闲的")
def demo_command(port: int) -> None:
    """在本机启动演示省：数据库、网页服务和后台任务。Ctrl-C 全部停止。"""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with place.database(make=True):
            prepare()
            with processes(free_port(port)) as children:
                watch(children)
    except KeyboardInterrupt:
        click.echo("\n已停止。")


def prepare() -> None:
    """Bring the installation up to date and load the demo province where there is none yet."""
    update(click.echo)
    if not province.loaded():
        if Account.objects.exists():
            raise NotReady(
                "数据库里已有正式账号。演示模式会开放身份切换，不能用在正式数据上："
                "请另设 YANZHEN_DATA_DIR（或 DATABASE_URL）再运行 yanzhen demo。"
            )
        with Progress() as progress:
            province.load(progress)
        place.hand_over()
    _let_the_owner_act_as_web()
    connection.close()


class Progress:
    """A bar per step, drawn by click; called with (what is being done, done, total)."""

    def __init__(self) -> None:
        self._label = ""
        self._bar: Any = None
        self._begun = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.__exit__(None, None, None)
            click.echo(f"{self._label}：{time.monotonic() - self._begun:.0f} 秒")

    def __call__(self, label: str, done: int, total: int) -> None:
        if label != self._label:
            self.__exit__()
            self._begun = time.monotonic()
            self._label, self._bar = label, click.progressbar(length=total, label=f"载入{label}")
            self._bar.__enter__()
        self._bar.update(done - self._bar.pos)


@contextmanager
def processes(port: int) -> Iterator[list[Child]]:
    """Run web and worker for a block; both end with it, or with this process if that is killed."""
    user = _drop_to()
    environment = {
        **os.environ,
        "DATABASE_URL": place.web_url(os.environ["DATABASE_URL"]),
        "YANZHEN_DEMO": "1",
        "YANZHEN_PARENT": str(os.getpid()),
        "PYTHONUNBUFFERED": "1",
    }
    children: list[Child] = []
    try:
        commands = (("serve", "--port", str(port)), ("worker",))
        children.extend(_start(command, environment, user) for command in commands)
        _announce(port, children[0])
        yield children
    finally:
        _end(children)


def watch(children: list[Child]) -> None:
    """Wait until a child ends, which none should; raises NotReady then."""
    while all(child.poll() is None for child in children):
        time.sleep(0.5)
    raise NotReady("网页服务或后台任务意外退出，原因见上面的日志；其余进程已一并停止。")


def free_port(first: int) -> int:
    """Return `first`, or the next port that nobody listens on."""
    for port in range(first, first + PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if probe.connect_ex((HOST, port)) == 0:
                continue
        if port != first:
            click.echo(f"端口 {first} 已被占用，改用 {port}。")
        return port
    raise NotReady(f"端口 {first} 至 {first + PORTS - 1} 都被占用；请用 --port 另选。")


def _start(arguments: tuple[str, ...], environment: dict[str, str], user: pwd.struct_passwd | None) -> Child:
    """Start one of our own commands in a session of its own, so that Ctrl-C reaches it through us alone."""
    return subprocess.Popen(
        [sys.executable, "-m", "yanzhen.faces.cli.main", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )


def _end(children: list[Child]) -> None:
    for child in children:
        child.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        try:
            child.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _announce(port: int, web: Child) -> None:
    address = f"http://{HOST}:{port}"
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(f"{address}/healthz"):
        if web.poll() is not None or time.monotonic() > deadline:
            raise NotReady("网页服务没有启动，原因见上面的日志。")
        time.sleep(0.1)
    click.echo(f"\n雁阵演示省：{address}  （数据均为合成，仅供试用）\n")
    for username, password, label in province.accounts():
        click.echo(f"  {username:<20}{password:<16}{label}")
    click.echo("\n按 Ctrl-C 停止。")


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2):  # noqa: S310  # our own address
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False


def _drop_to() -> pwd.struct_passwd | None:
    """Return the system user for web and worker where root calls and that user can reach the program, else None."""
    user = place.system_user()
    if user and layout.can_run([sys.executable, "-c", "import yanzhen, django, granian"], user):
        return user
    return None


def _let_the_owner_act_as_web() -> None:
    """On an outside database: have the owner's log-in take on the web's role, as it has no log-in of its own there."""
    if place.embedded():
        return
    with connection.cursor() as cursor:
        cursor.execute("select pg_has_role(current_user, %s, 'SET')", [settings.WEB_ROLE])
        if not cursor.fetchone()[0]:
            cursor.execute(f"grant {settings.WEB_ROLE} to current_user")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
