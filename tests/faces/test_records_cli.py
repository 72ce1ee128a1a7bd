"""`yanzhen records`: verify the chain, and give an auditor what they can check without us."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.db import connection

from tests.factories import OrganisationFactory
from yanzhen.faces.cli.records import records_command
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Checkpoint, Record
from yanzhen.foundation.records import record, seal
from yanzhen.foundation.signing import signer

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(records_command, arguments)


@pytest.fixture
def sealed(settings, tmp_path: Path) -> list[Record]:
    """Three records under a checkpoint that was carried to a data folder of its own."""
    settings.DATA_DIR = tmp_path / "data"
    row = OrganisationFactory()
    made = [record(f"edit.{n}", row, actor=None, reason="原样") for n in range(3)]
    deadline = time.monotonic() + 60
    while not seal()[0] and time.monotonic() < deadline:  # a transaction of another run is still open
        time.sleep(0.1)
    return made


def tamper(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"reset role; set session_replication_role = replica; {sql}; set session_replication_role = origin"
        )


def test_an_untouched_chain_is_found_whole(sealed):
    done = run("verify")

    assert (done.exit_code, done.output) == (0, "✓ 记录、检查点和签名全部相符。\n")


def test_a_changed_record_is_named_and_the_command_fails(sealed):
    tamper(f"update foundation_record set reason = '改过' where id = {sealed[1].pk}")

    done = run("verify")

    point = Checkpoint.objects.get().pk
    assert (done.exit_code, done.output.splitlines()) == (
        1,
        [
            f"✗ 记录与封存时的摘要不符：记录被改动或调换（检查点 {point}，记录 {sealed[1].pk}）",
            f"✗ 由记录重算的根与检查点不符（检查点 {point}）",
            "",
            "发现 2 处不符。",
        ],
    )


def test_a_tail_cut_off_with_its_checkpoint_is_told_by_the_folder_outside(sealed, settings):
    tamper("truncate foundation_record, foundation_leaf, foundation_checkpoint")

    alone = run("verify", "--outside", str(settings.DATA_DIR / "signing"))
    compared = run("verify", "--outside", str(settings.DATA_DIR / "checkpoints"))

    assert (alone.exit_code, compared.exit_code) == (0, 1)
    assert "✗" in compared.output


def test_an_export_is_checked_by_its_own_program_alone(sealed, settings, tmp_path):
    folder = tmp_path / "export"

    done = run("export", str(folder))

    assert (done.exit_code, done.output.split("到")[0]) == (0, "已导出 3 条记录、1 个检查点")
    with gzip.open(folder / "records.jsonl.gz", "rt", encoding="utf-8") as file:
        assert [json.loads(line)["verb"] for line in file] == ["edit.0", "edit.1", "edit.2"]
    outside = next((settings.DATA_DIR / "checkpoints").glob("*.jsonl"))
    command = [
        sys.executable,
        "-I",
        "verify_records.py",
        "--outside",
        str(outside),
        "--key",
        signer().key.key_id,
    ]
    checked = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_an_export_changed_on_the_way_is_noticed(sealed, settings, tmp_path):
    folder = tmp_path / "export"
    run("export", str(folder))
    with gzip.open(folder / "records.jsonl.gz", "rb") as file:
        text = file.read()
    with gzip.open(folder / "records.jsonl.gz", "wb") as file:
        file.write(text.replace("原样".encode(), "改过".encode(), 1))

    command = [sys.executable, "-I", "verify_records.py", "--key", signer().key.key_id]
    checked = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    assert checked.returncode == 1


def test_two_exports_are_not_mixed_in_one_folder(sealed, tmp_path):
    (tmp_path / "export").mkdir()

    done = run("export", str(tmp_path / "export"))

    assert isinstance(done.exception, Invalid)
    assert list((tmp_path / "export").iterdir()) == []
