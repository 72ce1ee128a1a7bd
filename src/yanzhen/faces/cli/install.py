"""Install and bring up to date: tables, walls, data packs, static files, the first administrator."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection, transaction

import yanzhen
from yanzhen.domains.hotline import categories
from yanzhen.domains.hotline.knowledge import packs
from yanzhen.domains.hotline.rosters import skills
from yanzhen.domains.hotline.routing.actions import load as load_routes
from yanzhen.engines.honours import keys as credential_keys
from yanzhen.faces.cli import place
from yanzhen.faces.health import pending_migrations
from yanzhen.foundation import accounts, calendar, crypto, parameters
from yanzhen.foundation import regions as places
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, Region, Role
from yanzhen.foundation.scope import EVERYTHING, database_scope

Say = Callable[[str], None]
ADMINISTRATOR = "administrator"


@click.command("init")
@click.option("--admin", metavar="用户名", help="开立第一个管理员账号")
@click.option("--name", default="系统管理员", show_default=True, help="管理员姓名")
@click.option(
    "--regions", type=click.Path(exists=True, file_okay=False, path_type=Path), help="其他省份的区划数据目录"
)
@click.option("--no-static", is_flag=True, help="不整理静态文件（只运行后台任务的机器）")
def init_command(admin: str | None, name: str, regions: Path | None, *, no_static: bool) -> None:
    """安装或升级：可反复运行，已有的数据不动。管理员口令从 YANZHEN_ADMIN_PASSWORD 读取，未设置则提示输入。"""
    with place.database(make=True):
        update(click.echo, pack=regions, static=not no_static)
        if admin:
            password = os.environ.get("YANZHEN_ADMIN_PASSWORD") or click.prompt(
                "管理员口令", hide_input=True, confirmation_prompt=True
            )
            open_administrator(admin, name=name, password=password)
            click.echo(f"已开立管理员 {admin}。")
    click.echo("安装完成。接着运行 yanzhen doctor 检查，再启动 yanzhen serve 和 yanzhen worker。")


def update(say: Say, *, pack: Path | None = None, static: bool = True) -> None:
    """Bring tables, walls, data packs and static files up to this version; do nothing where they are."""
    place.prepare_folders()
    with _unless_done("installed", _program(), again=bool(pack or pending_migrations())) as needed:
        if needed:
            say("建立或更新数据表 ……")
            call_command("migrate", interactive=False, verbosity=0)
            say("载入区划、日历、参数 ……")
            load_packs(pack)
    if static:
        _collect_static(say)
    place.hand_over()


def _collect_static(say: Say) -> None:
    root = Path(settings.STATIC_ROOT)
    empty = not root.is_dir() or not any(root.iterdir())
    with _unless_done("static", _static_files(), again=empty) as needed:
        if needed:
            say("整理静态文件 ……")
            call_command("collectstatic", interactive=False, verbosity=0)


@contextmanager
def _unless_done(name: str, files: Iterable[tuple[str, Path]], *, again: bool) -> Iterator[bool]:
    """Give whether the step `name` is needed; keep a digest of the files that it stands on once it is done."""
    database = [str(connection.settings_dict[key]) for key in ("HOST", "PORT", "NAME")]
    digest = hashlib.sha256(repr(database).encode())
    for label, path in sorted(files):
        found = path.stat()
        digest.update(f"{label} {found.st_size} {found.st_mtime_ns}\n".encode())
    stamp = place.data_dir() / f"{name}.stamp"
    yield again or not stamp.exists() or stamp.read_text() != digest.hexdigest()
    stamp.write_text(digest.hexdigest())


def _program() -> Iterator[tuple[str, Path]]:
    root = Path(yanzhen.__file__).parent
    return ((str(path.relative_to(root)), path) for path in root.rglob("*") if path.suffix in {".py", ".csv"})


def _static_files() -> Iterator[tuple[str, Path]]:
    for finder in get_finders():
        for name, storage in finder.list(ignore_patterns=[]):
            yield f"{storage.location} {name}", Path(storage.path(name))


def load_packs(pack: Path | None = None) -> None:
    """Load the data that ships with the product; what staff changed stays. The shipped regions are Shandong's alone."""
    with database_scope({EVERYTHING}), transaction.atomic():
        if pack or settings.PROVINCE == places.SHIPPED:
            places.load(pack or places.PACK)
        if not Region.objects.filter(code=settings.PROVINCE).exists():
            raise Invalid(
                f"没有 {settings.PROVINCE} 的区划数据：请用 --regions 给出该省的数据目录。",
                fields={"regions": "没有本省的数据"},
            )
        places.load_lines()
        accounts.load_roles()
        crypto.begin()
        credential_keys.signer()
        calendar.seed()
        parameters.load_defaults()
        categories.load()
        load_routes()
        packs.load()
        skills.load()


@transaction.atomic
def open_administrator(username: str, *, name: str, password: str) -> Account:
    """Open an account that administers the province on all lines; raises Invalid where it can not be."""
    account = accounts.open_account(username, name=name, password=password, actor=None)
    role, province = Role.objects.get(code=ADMINISTRATOR), Region.objects.get(code=settings.PROVINCE)
    accounts.grant(account, role, province, None, actor=None)
    return account
