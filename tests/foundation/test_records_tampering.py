"""A superuser with triggers and constraints off changes the log; every way of it is found, and none is imagined."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from psycopg import connect

from tests.foundation.test_records_seal import EMPTY, ROW
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Record
from yanzhen.foundation.records import export, record_many, seal, verify
from yanzhen.foundation.records.proof import PURPOSE, Tree, checkpoint_digest, leaf_hash
from yanzhen.foundation.records.seal import SELECT_LINE, record_line
from yanzhen.foundation.records.standalone import main
from yanzhen.foundation.signing import signer

INSERT = "insert into foundation_record ({}verb, subject_type, subject_id, region_id, line_id, reason) values ({}'fake', 'x', '1', '', '', '')"


def seal_soon() -> None:
    """Seal what is there; another run's open transaction in the same cluster holds it up for a moment."""
    deadline = time.monotonic() + 60
    while not seal()[0] and time.monotonic() < deadline:
        time.sleep(0.1)


@pytest.fixture(scope="module")
def sealed(django_db_setup, django_db_blocker) -> Iterator[list[int]]:
    """Three checkpoints over four records each, committed; gives the records' ids. Tests attack and roll back."""
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(f"set role {settings.WEB_ROLE}")
        for part in range(3):
            record_many(f"part{part}", [(ROW, None, {"n": n, "precise": 0.1}) for n in range(4)], actor=None)
            seal_soon()
        yield list(Record.objects.order_by("id").values_list("id", flat=True))
        with connection.cursor() as cursor:
            cursor.execute(EMPTY)
        connection.close()
    shutil.rmtree(settings.DATA_DIR / "checkpoints", ignore_errors=True)


@pytest.fixture
def attack(sealed, db) -> Callable[[str], None]:
    """Run SQL with {0} ... {11} the records' ids, {c0} ... {c2} the checkpoints'."""

    def run(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select id from foundation_checkpoint order by id")
            points = {f"c{n}": pk for n, (pk,) in enumerate(cursor.fetchall())}
            cursor.execute("reset role; set local session_replication_role = replica")
            cursor.execute(sql.format(*sealed, **points))

    return run


def kinds() -> set[str]:
    return {finding.kind for finding in verify()}


def test_an_untouched_log_gives_no_finding(sealed, db):
    assert verify() == []


EDITS = {
    "after": "after = '{{\"n\": 9}}'", "a digit past a float's": "after = after || '{{\"precise\": 0.10000000000000000001}}'",
    "before": "before = '{{}}'", "verb": "verb = 'x'", "actor": "actor_id = 7", "grant": "grant_id = 7",
    "reason": "reason = 'x'", "region": "region_id = '37'", "line": "line_id = 'x'", "subject": "subject_id = '9'",
    "type": "subject_type = 'x'", "time": "at = at - interval '3 days'", "a microsecond": "at = at + interval '1 us'",
    "transaction": "tx = '3'",
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_record_is_found_by_its_id(attack, sealed, edit):
    attack(f"update foundation_record set {edit} where id = {{5}}")

    assert ("record_changed", sealed[5]) in {(f.kind, f.record) for f in verify()}


ATTACKS = {
    "delete a record": ("delete from foundation_record where id = {5}", "record_missing"),
    "delete a record and its leaf": (
        "delete from foundation_record where id = {5}; delete from foundation_leaf where record_id = {5}",
        "leaf_missing",
    ),
    "delete the last record and its leaf": (
        "delete from foundation_record where id = {11}; delete from foundation_leaf where record_id = {11}",
        "size_wrong",
    ),
    "delete a leaf": ("delete from foundation_leaf where record_id = {5}", "leaf_missing"),
    "swap two records": (
        "update foundation_record set id = 0 where id = {4}; update foundation_record set id = {4} where id = {9};"
        "update foundation_record set id = {9} where id = 0",
        "record_changed",
    ),
    "swap two leaves": (
        "update foundation_leaf set position = 99 where record_id = {4};"
        "update foundation_leaf set position = 0 where record_id = {5};"
        "update foundation_leaf set position = 1 where record_id = {4}",
        "root_wrong",
    ),
    "edit record and leaf alike": ("reseal leaf", "root_wrong"),
    "edit record, leaf and root alike": ("reseal root", "checkpoint_changed"),
    "edit all and the digest, without the key": ("reseal digest", "signature_wrong"),
    "edit all and sign it with the stolen key": ("reseal signature", "checkpoint_differs"),
    "cut the tail with its checkpoint": (
        "delete from foundation_record where id >= {8}; delete from foundation_leaf where record_id >= {8};"
        "delete from foundation_checkpoint where id = {c2}",
        "checkpoint_missing",
    ),
    "drop the last checkpoint": ("delete from foundation_checkpoint where id = {c2}", "leaf_without_checkpoint"),
    "drop a checkpoint in the middle": ("delete from foundation_checkpoint where id = {c1}", "chain_broken"),
    "drop a checkpoint and all below it": (
        "delete from foundation_record where id between {4} and {7};"
        "delete from foundation_leaf where checkpoint_id = {c1}; delete from foundation_checkpoint where id = {c1}",
        "checkpoint_missing",
    ),
    "drop everything": (
        "truncate foundation_record, foundation_leaf, foundation_checkpoint", "checkpoint_missing",
    ),
    "edit a checkpoint's time": (
        "update foundation_checkpoint set at = at - interval '1 day' where id = {c1}", "checkpoint_changed",
    ),
    "edit a checkpoint's size": ("update foundation_checkpoint set size = 3 where id = {c1}", "size_wrong"),
    "edit a signature": (
        "update foundation_checkpoint set signature = set_byte(signature, 0, 255 - get_byte(signature, 0))"
        " where id = {c1}", "signature_wrong",
    ),
    "sign with a key of one's own": (
        "update foundation_checkpoint set key_id = repeat('0', 32) where id = {c1}", "key_unknown",
    ),
    "insert behind the seal": (INSERT.format("tx, ", "'5', "), "record_unsealed"),
    "insert with a leaf": (
        INSERT.format("id, tx, ", "999999, '5', ") + ";"
        "insert into foundation_leaf (checkpoint_id, position, record_id, digest) values ({c1}, 4, 999999, '\\x00')",
        "size_wrong",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "kind"), ATTACKS.values(), ids=ATTACKS)
def test_every_attack_is_found(attack, sealed, sql, kind):
    if sql.startswith("reseal"):
        attack("update foundation_record set verb = 'forged' where id = {9}")
        reseal(upto=sql.split()[1])
    else:
        attack(sql)

    assert kind in kinds()


def reseal(*, upto: str) -> None:
    """Recompute the last checkpoint over what now stands there, as far as `upto`, as a clever attacker would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, at, size, total, previous, key_id from foundation_checkpoint order by id desc limit 1"
        )
        pk, _, size, total, previous, key_id = cursor.fetchone()
        cursor.execute(
            f"select {SELECT_LINE} from foundation_record r join foundation_leaf l on l.record_id = r.id"
            " where l.checkpoint_id = %s order by position", [pk],
        )  # fmt: skip
        rows, tree = cursor.fetchall(), Tree()
        for row in rows:
            tree.add(leaf_hash(record_line(row)))
            cursor.execute(
                "update foundation_leaf set digest = %s where record_id = %s",
                [leaf_hash(record_line(row)), row[0]],
            )
        if upto == "leaf":
            return
        cursor.execute("update foundation_checkpoint set root = %s where id = %s", [tree.root(), pk])
        if upto == "root":
            return
        cursor.execute(
            """select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from foundation_checkpoint where id = %s""",
            [pk],
        )
        digest = checkpoint_digest({
            "id": pk, "at": cursor.fetchone()[0], "size": size, "total": total, "root": tree.root().hex(),
            "previous": bytes(previous).hex(), "key_id": key_id,
        })  # fmt: skip
        cursor.execute("update foundation_checkpoint set digest = %s where id = %s", [digest, pk])
        if upto == "signature":
            cursor.execute(
                "update foundation_checkpoint set signature = %s where id = %s",
                [signer().sign(PURPOSE + digest), pk],
            )


def test_a_record_given_a_false_time_at_its_writing_is_found(sealed, db):
    # in another session, as what the test's own writes is never committed
    with connection.cursor() as cursor, connect(cursor.cursor.connection.info.dsn, autocommit=True) as other:
        other.execute(INSERT.format("at, ", "now() - interval '2 days', "))
        seal_soon()
        found = kinds()
        other.execute(
            "set session_replication_role = replica; delete from foundation_record where verb = 'fake'"
        )

    assert "time_wrong" in found


def test_one_behind_the_seal_stays_found_when_a_restarted_sealer_took_it_for_new(attack, sealed):
    attack(INSERT.format("tx, ", "'5', "))
    seal()

    assert "late" in kinds()


@pytest.fixture
def folder(sealed, db, tmp_path) -> Path:
    export(tmp_path / "out")
    return tmp_path / "out"


def outside() -> list[str]:
    return ["--outside", *map(str, (Path(settings.DATA_DIR) / "checkpoints").glob("*.jsonl"))]


def rewrite(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        lines = file.readlines()
    with opened(path, "wt", encoding="utf-8") as file:
        file.writelines(change(lines))


@pytest.mark.parametrize("flags", [["-I"], ["-I", "-S"]], ids=["with cryptography", "standard library alone"])
def test_the_export_is_proven_by_its_own_program(folder, flags):
    script = [sys.executable, *flags, str(folder / "verify_records.py")]

    good = subprocess.run([*script, *outside()], capture_output=True, text=True, check=False)
    rewrite(
        folder / "records.jsonl.gz",
        lambda lines: [*lines[:5], lines[5].replace("part1", "part9"), *lines[6:]],
    )
    bad = subprocess.run([*script, *outside()], capture_output=True, text=True, check=False)

    assert (good.returncode, good.stdout) == (0, "校验完毕：未发现问题\n")
    assert bad.returncode == 1
    assert "[record_changed]" in bad.stdout


FILE_ATTACKS = {
    "edit": ("records.jsonl.gz", lambda s: [*s[:5], s[5].replace('"n\\": 1', '"n\\": 2'), *s[6:]], "record_changed"),
    "delete": ("records.jsonl.gz", lambda s: s[:5] + s[6:], "record_missing"),
    "insert": ("records.jsonl.gz", lambda s: [*s[:5], s[5].replace('"id":', '"id":9'), *s[5:]], "record_unsealed"),
    "append": ("records.jsonl.gz", lambda s: [*s, s[5].replace('"id":', '"id":9')], "record_unsealed"),
    "swap": ("records.jsonl.gz", lambda s: [*s[:5], s[6], s[5], *s[7:]], "record_unsealed"),
    "cut records": ("records.jsonl.gz", lambda s: s[:8], "record_missing"),
    "cut leaves": ("leaves.jsonl.gz", lambda s: s[:8], "size_wrong"),
    "cut checkpoints": ("checkpoints.jsonl", lambda s: s[:2], "checkpoint_missing"),
    "drop a checkpoint": ("checkpoints.jsonl", lambda s: [s[0], s[2]], "chain_broken"),
    "edit a checkpoint": ("checkpoints.jsonl", lambda s: [s[0], s[1].replace('"size":4', '"size":5'), s[2]], "size_wrong"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "change", "kind"), FILE_ATTACKS.values(), ids=FILE_ATTACKS)
def test_every_attack_on_an_export_is_found(folder, capsys, name, change, kind):
    rewrite(folder / name, change)

    assert main([str(folder), *outside()]) == 1
    assert f"[{kind}]" in capsys.readouterr().out


def test_a_key_that_the_auditor_was_not_told_of_is_refused(folder, capsys):
    assert main([str(folder), "--key", signer().key.key_id]) == 0
    assert main([str(folder), "--key", "0" * 32]) == 1
    assert "[key_unknown]" in capsys.readouterr().out


def test_an_export_that_can_not_be_read_says_so(folder, capsys):
    packed = folder / "records.jsonl.gz"
    packed.write_bytes(packed.read_bytes()[:-20])

    assert main([str(folder)]) == 2
    assert "无法读取导出件" in capsys.readouterr().out


def test_two_exports_are_not_mixed(folder):
    with pytest.raises(Invalid, match="已存在"):
        export(folder)
