"""Install and bring up to date: tables, walls, data packs, static files, the first administrator."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import click
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction

import yanzhen
from yanzhen.domains.hotline import categories
from yanzhen.faces.cli import place
from yanzhen.faces.health import pending_migrations
from yanzhen.foundation import calendar, crypto, parameters
from yanzhen.foundation import regions as places
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, DataKey, Grant, Region, Role
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import EVERYTHING, database_scope

Say = Callable[[str], None]
ADMINISTRATOR = "administrator"
ROLES = Path(__file__).parent / "data" / "roles.csv"


@click.command("init")
@click.option("--admin", metavar="用户名", help="开立第一个管理员账号")
@click.option("--name", default="系统管理员", show_default=True, help="管理员姓名")
@click.option(
    "--regions", type=click.Path(exists=True, file_okay=False, path_type=Path), help="其他省份的区划数据目录"
)
def init_command(admin: str | None, name: str, regions: Path | None) -> None:
    """安装或升级：可反复运行，已有的数据不动。管理员口令从 YANZHEN_ADMIN_PASSWORD 读取，未设置则提示输入。"""
    with place.database(make=True):
        update(click.echo, pack=regions)
        if admin:
            password = os.environ.get("YANZHEN_ADMIN_PASSWORD") or click.prompt(
                "管理员口令", hide_input=True, confirmation_prompt=True
            )
            open_administrator(admin, name=name, password=password)
            click.echo(f"已开立管理员 {admin}。")
    click.echo("安装完成。接着运行 yanzhen doctor 检查，再启动 yanzhen serve 和 yanzhen worker。")


def update(say: Say, *, pack: Path | None = None) -> bool:
    """Bring tables, walls, data packs and static files up to this version; do nothing where they are.

    Return whether there was something to do.
    """
    stamp, now = place.data_dir() / "installed.stamp", _fingerprint()
    if not pending_migrations() and stamp.exists() and stamp.read_text() == now and not pack:
        return False
    place.prepare_folders()
    say("建立或更新数据表 ……")
    call_command("migrate", interactive=False, verbosity=0)
    say("载入区划、日历、参数 ……")
    load_packs(pack)
    say("整理静态文件 ……")
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["redoc*"])
    stamp.write_text(now)
    place.hand_over()
    return True


def load_packs(pack: Path | None = None) -> None:
    """Load the data that ships with the product; what staff changed stays."""
    with database_scope({EVERYTHING}), transaction.atomic():
        places.load(pack or places.PACK)
        places.load_lines()
        load_roles()
        if not DataKey.objects.exists():
            crypto.rotate()
        calendar.seed()
        parameters.load_defaults()
        categories.load()


def load_roles() -> None:
    """Add the shipped roles that are not there yet; rights that staff changed stay."""
    with ROLES.open(encoding="utf-8", newline="") as file:
        rows = [Role(**{**row, "rights": row["rights"].split()}) for row in csv.DictReader(file)]
    Role.objects.bulk_create(rows, ignore_conflicts=True)


def open_administrator(username: str, *, name: str, password: str) -> Account:
    """Open an account that administers the province on all lines; raises Invalid where it can not be."""
    if Account.objects.filter(username=username).exists():
        raise Invalid(
            f"账号 {username} 已存在；请换一个用户名，或由现有管理员授权。", fields={"admin": "已存在"}
        )
    account = Account(username=username, name=name)
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise Invalid(
            "口令不合要求：" + "；".join(error.messages), fields={"password": "不合要求"}
        ) from error
    account.set_password(password)
    with transaction.atomic():
        account.save()
        grant = Grant.objects.create(
            account=account,
            role=Role.objects.get(code=ADMINISTRATOR),
            region=Region.objects.get(code=settings.PROVINCE),
        )
        record(
            "account.open",
            account,
            actor=None,
            after={"username": username, "grant": grant.pk},
            reason="安装",
        )
    return account


def _fingerprint() -> str:
    """Return a digest of the program's files and of which database it serves."""
    database = [str(connection.settings_dict[key]) for key in ("HOST", "PORT", "NAME")]
    digest = hashlib.sha256(repr(database).encode())
    root = Path(yanzhen.__file__).parent
    for path in sorted(p for p in root.rglob("*") if p.is_file() and p.suffix != ".pyc"):
        found = path.stat()
        digest.update(f"{path.relative_to(root)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
