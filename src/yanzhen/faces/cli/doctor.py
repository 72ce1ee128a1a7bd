"""Look the installation over: one line a check, and what to do about each that fails."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import click
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from yanzhen.domains.hotline.rosters.coverage import Span
from yanzhen.domains.hotline.rosters.queries import next_hole
from yanzhen.domains.hotline.rosters.rules import spelled
from yanzhen.engines.honours import fonts
from yanzhen.faces import health
from yanzhen.faces.cli import layout, place, postgres
from yanzhen.foundation import calendar, walls
from yanzhen.foundation.models import DataKey
from yanzhen.foundation.outbox.deliveries import dead_count, undelivered_since
from yanzhen.foundation.records import sealing_lag

FREE_BYTES = 2 * 2**30
UNDELIVERED_WITHIN = timedelta(minutes=10)
"""A receiver that is down for so long is worth a look."""
ROSTERED = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Check:
    """A thing to look at; `problem` returns what is wrong and how to mend it, or None."""

    label: str
    problem: Callable[[], str | None]
    found: Callable[[], str] | None = None
    """Says what was found where nothing is wrong."""


@click.command("doctor")
def doctor_command() -> None:
    """检查安装：每行一项，✗ 之后说明怎样改正；有任何一项不合格时退出码为 1。"""
    failed = _report(MACHINE)
    if not failed or keys() is None:
        failed += _report_database()
    if failed:
        click.echo(f"\n{failed} 项不合格。")
        sys.exit(1)
    click.echo("\n全部合格。")


def _report(checks: tuple[Check, ...]) -> int:
    """Print a line a check; return how many failed."""
    failed = 0
    for check in checks:
        problem = check.problem()
        failed += problem is not None
        found = f"：{check.found()}" if check.found and not problem else ""
        click.echo(f"✗ {check.label}：{problem}" if problem else f"✓ {check.label}{found}")
    return failed


def _report_database() -> int:
    try:
        with place.database():
            connection.ensure_connection()
            click.echo("✓ 数据库连接")
            failed = _report(DATABASE)
            if pending() is None:
                failed += _report(SERVICE)
            connection.close()
            return failed
    except (OperationalError, layout.NotReady) as error:
        click.echo(f"✗ 数据库连接：{error}".rstrip())
        return 1


def python() -> str | None:
    return None if sys.version_info >= (3, 11) else f"现为 {sys.version.split()[0]}，需要 3.11 或更高版本"


def disk() -> str | None:
    folder = next(path for path in (place.data_dir(), *place.data_dir().parents) if path.is_dir())
    free = shutil.disk_usage(folder).free
    return None if free >= FREE_BYTES else f"{folder} 只剩 {free / 2**30:.1f} GB，请清理或扩容到 2 GB 以上"


def keys() -> str | None:
    missing = [name for name in place.KEYS if not os.environ.get(name)]
    if missing:
        return f"缺少 {'、'.join(missing)}：请放回 {place.keys_file()}，或设置同名环境变量；新安装请运行 yanzhen init"
    file = place.keys_file()
    if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
        return f"{file} 其他用户可读，请运行 chmod 600 {file}"
    return None


def certificate_font() -> str | None:
    try:
        fonts.chosen()
    except fonts.NoFont as refusal:
        return refusal.message
    return None


def wheel() -> str | None:
    """Trap 3 and 4 of the wheel: who runs the server, and who can reach its socket."""
    if not place.embedded() or not postgres.initialised(place.data_dir()):
        return None
    cluster = postgres.cluster_at(place.data_dir())
    for folder in (cluster.data, cluster.sockets):
        if folder.exists() and (folder.stat().st_uid != cluster.uid or folder.stat().st_mode & 0o077):
            return f"{folder} 应归数据库用户独有（0700）；请检查是谁改动了它"
    return None


def unprivileged() -> str | None:
    user = place.system_user()
    if user is None or layout.can_run([sys.executable, "-c", "import yanzhen"], user):
        return None
    return f"程序所在目录只有 root 能进入，网页和后台任务将以 root 运行；正式使用请装到 /opt 等系统用户 {user.pw_name} 可读的位置"


def server() -> str | None:
    (version,) = _row("select current_setting('server_version_num')::int / 10000")
    return None if version >= 18 else f"PostgreSQL {version} 过旧，需要 18"


def encoding() -> str | None:
    (found,) = _row(
        "select pg_encoding_to_char(encoding) from pg_database where datname = current_database()"
    )
    return None if found == "UTF8" else f"编码是 {found}，应为 UTF8；{REMAKE}"


def chinese() -> str | None:
    """Trap 1: where the locale's types are plain C, Chinese characters are no letters and trigrams find nothing."""
    (found, ctype) = _row(
        "select '劳动合同' ~ '^[[:alpha:]]{4}$', datctype from pg_database where datname = current_database()"
    )
    return None if found else f"LC_CTYPE 是 {ctype}，中文检索失效；{REMAKE}"


REMAKE = "请用 create database … template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8' 重建后恢复备份"


def pending() -> str | None:
    found = health.pending_migrations()
    return f"还有 {len(found)} 项数据库变更未执行（{found[0]} 等），请运行 yanzhen init" if found else None


def role_walls() -> str | None:
    tables = [model._meta.db_table for model in walls.walled_models()]
    (role, loose, unwalled) = _row(
        "select (select rolsuper or rolbypassrls from pg_roles where rolname = %(role)s),"
        " (select string_agg(t, '、') from unnest(%(fixed)s::text[]) t"
        "   where has_table_privilege(%(role)s, t, 'update') or has_table_privilege(%(role)s, t, 'delete')),"
        " (select string_agg(relname, '、') from pg_class"
        "   where relname = any(%(walled)s::text[]) and not (relrowsecurity and exists"
        "     (select from pg_policy where polrelid = pg_class.oid)))",
        {"role": settings.WEB_ROLE, "fixed": list(walls.APPEND_ONLY), "walled": tables},
    )
    if role is None or role:
        return (
            f"数据库角色 {settings.WEB_ROLE} {'不存在' if role is None else '权限过大'}，请运行 yanzhen init"
        )
    if loose or unwalled:
        return f"{loose or unwalled} 未受保护，请运行 yanzhen init"
    return None


def data_key() -> str | None:
    return (
        None
        if DataKey.objects.filter(retired_at=None).exists()
        else "没有可用的数据密钥，请运行 yanzhen init"
    )


def calendar_years() -> str | None:
    return "；".join(calendar.concerns(timezone.localdate())) or None


def worker() -> str | None:
    waiting, silent = health.queue_age()
    if silent is None or silent > health.HEARTBEAT_WITHIN:
        return "后台任务没有运行，请启动 yanzhen worker"
    if waiting and waiting > health.QUEUED_WITHIN:
        return f"最早的任务已等待 {waiting}，请增加 worker 或查看其日志"
    return None


def sealed() -> str | None:
    lag = sealing_lag()
    if lag is None or lag < health.SEALING_WITHIN:
        return None
    return f"有记录 {lag} 未封存，请检查 yanzhen worker 是否在运行、检查点目录是否可写"


def delivered() -> str | None:
    waiting = undelivered_since(timezone.now())
    if waiting is not None and waiting > UNDELIVERED_WITHIN:
        return f"最早的通知已等待 {waiting}，请在“通知投递”查看接收端的问题，并检查 yanzhen worker 是否在运行"
    dead = dead_count()
    return f"有 {dead} 条通知投递失败，请在“通知投递”重新投递" if dead else None


def roster() -> str | None:
    """The holes of later days have their alarms; one of the next day is for whoever looks after the installation."""
    now = timezone.now()
    hole = next_hole(Span(now, now + ROSTERED))
    if hole is None:
        return None
    return f"区划 {hole.region} {spelled(hole.start, hole.end)} 无人值班，请在“排班 → 覆盖”补班"


def _row(sql: str, parameters: dict[str, str | list[str]] | None = None) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


MACHINE = (
    Check("Python", python),
    Check("磁盘空间", disk),
    Check("密钥", keys),
    Check("本机数据库的用户和套接字", wheel),
    Check("程序不以 root 运行", unprivileged),
    Check("证书字体", certificate_font, lambda: fonts.chosen().family),
)
DATABASE = (
    Check("PostgreSQL 版本", server),
    Check("编码", encoding),
    Check("中文按字识别", chinese),
    Check("数据库变更", pending),
)
SERVICE = (
    Check("数据库权限墙", role_walls),
    Check("数据密钥", data_key),
    Check("工作日历", calendar_years),
    Check("后台任务", worker),
    Check("记录封存", sealed),
    Check("通知投递", delivered),
    Check("未来 24 小时有人值班", roster),
)
