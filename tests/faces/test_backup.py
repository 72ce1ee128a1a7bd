"""`yanzhen backup` and `restore`: what comes back is what was there, or nothing is touched."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.faces.test_install import Installation, made, succeeded
from yanzhen.faces.cli import layout, place, postgres

pytestmark = pytest.mark.slow

PHONE = "13812342046"
FILL = f"""
from django.core.files.base import ContentFile
from yanzhen.foundation import attachments, people
from yanzhen.foundation.models import Account, Grant, Line, Region, Role
from yanzhen.foundation.records import seal
county, line = Region.objects.get(code="370102"), Line.objects.get(code="union")
clerk = Account.objects.create(username="clerk", name="王某")
Grant.objects.create(account=clerk, role=Role.objects.get(code="registrar"), region=county)
person = people.register_person(name="张三", region=county, line=line, actor=clerk, phone="{PHONE}")
attachments.store(ContentFile(b"%PDF-1.7\\n%%EOF\\n", "合同.pdf"), subject=person, actor=clerk)
assert seal()[0]
"""
REVEAL = """
from yanzhen.foundation import people
from yanzhen.foundation.models import Account, Person
clerk = Account.objects.get(username="clerk")
print(people.reveal(Person.objects.get(), "phone", actor=clerk, reason="恢复后核对"))
"""


def program(installation: Installation, text: str, **environment: str) -> str:
    """Run a program with the product's models as the owner of the tables; return what it prints."""
    head = "from yanzhen.faces.cli import place; place.prepare('owner'); import django; django.setup()\n"
    return succeeded(installation.python("-c", head + text + "\nplace.hand_over()\n", **environment))


@pytest.fixture(scope="module")
def origin() -> Iterator[Installation]:
    for installation in made():
        program(installation, FILL)
        yield installation


@pytest.fixture(scope="module")
def backup(origin: Installation) -> Path:
    said = origin.done("backup", str(origin.root.parent / "backups"))
    folder = Path(re.search(r"已备份到 (.+)", said)[1])
    assert f"请把 {origin.root / 'keys.env'} 另行妥善保管" in said
    return folder


@pytest.fixture
def empty(origin: Installation) -> Iterator[Installation]:
    yield from without_a_database(origin, "empty")


@pytest.fixture(scope="module")
def restored(origin: Installation, backup: Path) -> Iterator[Installation]:
    for target in without_a_database(origin, "restored"):
        assert "补封记录 0 条" in target.done("restore", str(backup))
        postgres.start(target.root)
        yield target


def without_a_database(origin: Installation, name: str) -> Iterator[Installation]:
    """A data folder to which the operator has brought the keys, that of the signatures too, and no more."""
    target = Installation(origin.root.with_name(name))
    for folder in (target.root, target.root / "signing"):
        layout.own_folder(folder, place.system_user())
    shutil.copy2(origin.root / "keys.env", target.root)
    for key in ("ed25519.key", "credential.key"):
        shutil.copy2(origin.root / "signing" / key, target.root / "signing")
    yield target
    postgres.stop(target.root)
    shutil.rmtree(target.root)


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for part in ("attachments", "checkpoints", "signing")
        for path in (root / part).rglob("*")
        if path.is_file()
    }


def test_a_backup_is_whole_closed_to_others_and_holds_no_key_of_the_data(origin, backup):
    manifest = json.loads((backup / "manifest.json").read_text())
    with tarfile.open(backup / "files.tar") as tar:
        carried = {name.split("/")[0] for name in tar.getnames()}
    master = (origin.root / "keys.env").read_text().split("YANZHEN_MASTER_KEY=")[1].strip()

    assert sorted(path.name for path in backup.iterdir()) == ["database.dump", "files.tar", "manifest.json"]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert [path.name for path in backup.parent.iterdir()] == [backup.name]
    assert (manifest["format"], manifest["server"], sorted(manifest["sha256"])) == (
        1,
        18,
        ["database.dump", "files.tar"],
    )
    assert carried == {"attachments", "checkpoints", "signing"}
    signing = (origin.root / "signing" / "ed25519.key").read_text().strip()
    for path in backup.iterdir():
        for key in (master, signing):
            assert key.encode() not in path.read_bytes()
            assert bytes.fromhex(key) not in path.read_bytes()


def test_the_dump_holds_no_phone_in_the_clear(backup):
    text = subprocess.run(
        [layout.binaries() / "pg_restore", "--file=-", backup / "database.dump"],
        capture_output=True,
        check=True,
    ).stdout

    assert "张三".encode() in text
    assert PHONE.encode() not in text
    assert PHONE.encode().hex().encode() not in text


def test_restored_into_an_empty_cluster_every_row_and_file_is_as_it_was(origin, restored):
    assert restored.digests() == origin.digests()
    assert files(restored.root) == files(origin.root)
    assert any(name.startswith("attachments/") for name in files(restored.root))
    assert restored.done("records", "verify").startswith("✓")


def test_what_was_restored_has_its_walls(restored):
    doctor = restored.run("doctor").stdout.splitlines()
    with psycopg.connect(postgres.cluster_at(restored.root).url(postgres.WEB)) as session:
        seen = session.execute("select count(*) from foundation_person").fetchone()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("delete from foundation_record")

    assert {"✓ 数据库权限墙", "✓ 数据密钥", "✓ 数据库变更"} <= set(doctor)
    assert seen == (0,)


def test_what_is_there_is_not_overwritten_unless_forced(origin, backup, restored):
    shown = program(restored, REVEAL)
    changed = restored.digests()

    refusal = restored.refused("restore", str(backup))
    untouched = restored.digests()
    restored.done("restore", str(backup), "--force")

    assert (shown, "--force" in refusal) == (f"{PHONE}\n", True)
    assert (untouched == changed, changed == origin.digests(), restored.digests() == origin.digests()) == (
        True,
        False,
        True,
    )


def test_going_back_to_an_earlier_day_shows_in_the_folder_outside(backup, restored, tmp_path):
    sink = {"YANZHEN_CHECKPOINT_SINK": str(tmp_path / "write-once")}
    program(restored, REVEAL + "from yanzhen.foundation.records import seal\nassert seal()[0]\n", **sink)
    before = restored.run("records", "verify", **sink)

    restored.done("restore", str(backup), "--force", **sink)

    after = restored.run("records", "verify", **sink)
    assert ("write-once" in before.stdout, "write-once" in after.stdout) == (False, True)


def test_records_that_were_not_sealed_when_the_backup_was_made_are_sealed_after_it(origin, empty):
    program(origin, REVEAL)
    folder = origin.root.parent / "unsealed"
    origin.done("backup", str(folder))

    said = empty.done("restore", str(next(folder.iterdir())))

    verified = empty.run("records", "verify")
    assert re.search("补封记录 [1-9]", said)
    assert verified.stdout.startswith("✓")
    (left,) = empty_unsealed(empty)
    assert left == (0,)


def test_without_the_signing_key_a_new_one_signs_and_its_first_checkpoint_says_so(backup, empty):
    shutil.rmtree(empty.root / "signing")

    said = empty.done("restore", str(backup))

    verified = empty.run("records", "verify")
    postgres.start(empty.root)
    new, old = (
        key for (key,) in empty.fetched("select key_id from foundation_checkpoint order by id desc limit 2")
    )
    told = empty.fetched(
        "select r.before ->> 'key_id', r.after ->> 'key_id', c.key_id from foundation_record r"
        " join foundation_leaf l on l.record_id = r.id join foundation_checkpoint c on c.id = l.checkpoint_id"
        " where r.verb = 'signing.change'"
    )
    assert (old != new, told) == (True, [(old, new, new)])
    assert f"已改用签名密钥 {new}" in said
    assert "数据库曾由逻辑备份恢复（检查点 2）\n\n发现 1 处不符。" in verified.stdout


def empty_unsealed(installation: Installation) -> list[tuple[object, ...]]:
    postgres.start(installation.root)
    return installation.fetched(
        "select count(*) from foundation_record r where not exists"
        " (select from foundation_leaf l where l.record_id = r.id)"
    )


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "缺少 manifest.json"),
        (lambda folder: (folder / "files.tar").unlink(), "files.tar 缺失或与备份时不一致"),
        (lambda folder: flip(folder / "database.dump"), "database.dump 缺失或与备份时不一致"),
        (lambda folder: rewrite(folder / "manifest.json", format=99), "备份格式 99 无法识别"),
        (lambda folder: rewrite(folder / "manifest.json", keys="0" * 64), "主密钥与备份时不同"),
    ],
    ids=["no manifest", "a file is gone", "a bit flipped", "another format", "another key"],
)
def test_a_backup_that_is_not_whole_or_not_ours_is_refused_before_anything_is_touched(
    origin, backup, tmp_path, spoil, said
):
    copy = shutil.copytree(backup, tmp_path / "copy")
    spoil(copy)
    before = origin.digests(), files(origin.root)

    refusal = origin.refused("restore", str(copy), "--force")

    assert said in refusal
    assert (origin.digests(), files(origin.root)) == before


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def rewrite(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_nothing_is_restored_under_a_running_web_process(origin, backup):
    before = origin.digests()

    with psycopg.connect(postgres.cluster_at(origin.root).url(postgres.WEB)):
        refusal = origin.refused("restore", str(backup), "--force")

    assert refusal == "网页服务或后台任务还连接着数据库；请先停止 yanzhen serve 和 yanzhen worker。"
    assert origin.digests() == before


def test_a_role_behind_the_walls_makes_no_backup_that_lacks_rows_and_nothing_is_left(origin):
    folder = origin.root.parent / "failed"
    web = postgres.cluster_at(origin.root).url(postgres.WEB)

    refusal = origin.refused("backup", str(folder), DATABASE_URL=web)

    assert refusal.startswith("pg_dump 未成功：")
    assert list(folder.iterdir()) == []


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[tuple[Installation, dict[str, str]]]:
    """A database as an administrator makes it: an owner who may make neither roles nor databases, and the web's role."""
    name, server = f"yanzhen_{os.getpid()}_outside", os.environ["DATABASE_URL"]

    def url(user: str) -> str:
        return urlsplit(server)._replace(netloc=f"{user}@", path=f"/{name}").geturl()

    with psycopg.connect(server, autocommit=True) as session:
        session.execute(f"create role {name} login")
        session.execute(
            f"create database {name} owner {name} template template0"
            " encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8'"
        )
        yield (
            Installation(tmp_path / "data"),
            {"YANZHEN_OWNER_URL": url(name), "DATABASE_URL": url("yanzhen_web")},
        )
        session.execute(f"drop database {name} with (force)")
        session.execute(f"drop role {name}")


@pytest.mark.django_db
def test_on_an_outside_database_everything_is_done_by_an_owner_that_is_no_superuser(outside, tmp_path):
    target, urls = outside
    target.done(
        "init", "--no-static", "--admin", "boss", **urls, YANZHEN_ADMIN_PASSWORD="泉城路上的梧桐 2026"
    )
    walls = target.run("doctor", **urls).stdout.splitlines()
    said = target.done("backup", str(tmp_path / "backups"), **urls)

    target.done("restore", re.search(r"已备份到 (.+)", said)[1], "--force", **urls)

    assert {"✓ 数据库权限墙", "✓ 编码", "✓ 中文按字识别", "✓ 数据密钥"} <= set(walls)
    assert "✓ 数据库权限墙" in target.run("doctor", **urls).stdout.splitlines()
    assert target.done("records", "verify", **urls).startswith("✓")
    assert target.done("report", "--as", "boss", **urls).startswith("山东省")
