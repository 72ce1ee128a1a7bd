"""`yanzhen hotline`: trying the classifier on files without an installation, and training an installation's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.engines.test_classifier import rows
from yanzhen.faces.cli.hotline import hotline_command

KEYS = {
    "macro_f1", "f1", "top2", "auto_share_at_95", "auto_at_trained_threshold", "n_train", "n_test",
    "train_seconds", "p99_ms", "threshold",
}  # fmt: skip


def write(path: Path, count: int, *, seed: int = 0, encoding: str = "utf-8-sig", more: str = "") -> Path:
    lines = ["Text,Category", *(f'"{row.text}",{row.label}' for row in rows(count, seed=seed))]
    path.write_text("\n".join(lines) + more, encoding=encoding)
    return path


def evaluate(learning: Path, trying: Path):
    return CliRunner().invoke(hotline_command, ["evaluate", "--train", str(learning), "--test", str(trying)])


def test_files_are_tried_without_a_database_or_an_installation(tmp_path):
    learning = write(tmp_path / "learn.csv", 60)
    trying = write(tmp_path / "try.csv", 30, seed=1, encoding="gb18030")
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    done = subprocess.run(  # our own program
        [sys.executable, "-m", "yanzhen.faces.cli.main", "hotline", "evaluate", "--train", learning, "--test", trying],
        env=bare, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert set(found) == KEYS
    assert (found["macro_f1"], found["n_train"], found["n_test"], found["f1"]["pay"]) == (1.0, 60, 30, 1.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["learn.csv", "try.csv"]


def test_lines_without_a_text_or_a_category_are_passed_over_and_said(tmp_path):
    learning = write(tmp_path / "learn.csv", 60, more="\n,pay\n有字无类,\n")

    done = evaluate(learning, write(tmp_path / "try.csv", 30))

    assert "2 行没有 text 或 category" in done.stderr
    assert json.loads(done.stdout)["n_train"] == 60


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "空文件"),
        (b"a,b\n1,2\n", "缺少列 category、text"),
        (b"text,category\n", "没有既有 text 又有 category 的行"),
        (b"\xff\xfe\xff\xff\xff", "不是 UTF-8 或 GB18030 编码"),
        ("text,category,weight\n欠薪,pay,2\n".encode(), "第 2 行的 weight“2”"),
        ("text,category\n欠薪,pay\n欠薪,pay\n".encode(), "至少要有两个类别"),
    ],
)
def test_a_file_that_can_not_be_used_is_refused_with_a_sentence(tmp_path, content, said):
    (tmp_path / "bad.csv").write_bytes(content)

    done = evaluate(tmp_path / "bad.csv", write(tmp_path / "try.csv", 9))

    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_file_that_is_not_there_is_refused(tmp_path):
    done = evaluate(tmp_path / "none.csv", tmp_path / "none.csv")

    assert done.exit_code == 2
    assert "打不开" in done.stderr


def test_very_long_texts_and_emoji_are_read(tmp_path):
    learning = write(tmp_path / "learn.csv", 60, more=f"\n{'拖欠工资' * 50_000},pay\n😀🎉,road\n")

    assert json.loads(evaluate(learning, learning).stdout)["n_train"] == 62
