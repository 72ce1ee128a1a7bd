"""Web and worker: the two kinds of process that an installation runs."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server
from procrastinate.contrib.django import app

from yanzhen.faces.cli import place
from yanzhen.foundation.outbox.courier import loop as deliver_loop
from yanzhen.foundation.records import seal_loop

GRACE_SECONDS = 5
PR_SET_PDEATHSIG = 1
"""prctl(2)"""


@click.command("serve")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="监听地址；对外服务请放在 HTTPS 反向代理之后"
)
@click.option("--port", default=8351, show_default=True)
@click.option("--workers", default=2, show_default=True, help="进程数，一般等于处理器核数")
@click.option("--threads", default=4, show_default=True, help="每个进程的线程数")
def serve_command(host: str, port: int, workers: int, threads: int) -> None:
    """启动网页服务。"""
    end_with_parent()
    with place.database():
        Server(
            "yanzhen.config.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads,
            workers_kill_timeout=GRACE_SECONDS,
            respawn_failed_workers=True,
            log_level=LogLevels.warning,
        ).serve()


@click.command("worker")
@click.option("--concurrency", default=2, show_default=True, help="同时运行的任务数")
def worker_command(concurrency: int) -> None:
    """启动后台任务；同一进程每半秒封存一次记录、投递一次通知。"""
    end_with_parent()
    stop = threading.Event()
    with place.database():
        beats = [
            threading.Thread(target=beat, args=(stop,), name=name)
            for name, beat in (("sealer", seal_loop), ("outbox", deliver_loop))
        ]
        for thread in beats:
            thread.start()
        try:
            connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]  # Django's has it
            with app.replace_connector(connector) as worker:
                worker.run_worker(
                    concurrency=concurrency, delete_jobs="successful", shutdown_graceful_timeout=GRACE_SECONDS
                )
        finally:
            stop.set()
            for thread in beats:
                thread.join()


def end_with_parent() -> None:
    """Have the kernel end this process when the demo that started it is gone, however that ended."""
    parent = os.environ.pop("YANZHEN_PARENT", "")
    if not parent:
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        sys.exit(1)
