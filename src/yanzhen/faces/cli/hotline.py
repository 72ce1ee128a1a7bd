"""The hotline's classifier from the command line: train the installation's own, or try the method on given files."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from yanzhen.domains.hotline.classification.actions import train_version
from yanzhen.engines.classifier import evaluate as evaluation
from yanzhen.engines.classifier.model import TooFew, train
from yanzhen.faces.cli import place
from yanzhen.faces.cli.labelled import Labelled, Unreadable, read
from yanzhen.faces.cli.report import account_named

WANTED_PRECISION = 0.95
A_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("hotline")
def hotline_command() -> None:
    """热线：训练和评估诉求分类。"""


@hotline_command.command("train")
@click.option("--as", "username", required=True, metavar="用户名", help="以谁的权限训练")
@click.option("--force", is_flag=True, help="在最近的工单上不如在用版本也启用")
def train_command(username: str, *, force: bool) -> None:
    """用本系统已办结的工单训练分类模型；较早的五分之四学习，最近的五分之一检验。"""
    with place.database():
        trained = train_version(account_named(username), force=force)
    version, measured = trained.version, trained.version.metrics
    click.echo(
        f"{version}：学习 {version.rows:,} 件；检验 {measured['trying']:,} 件，宏平均 F1 {measured['macro_f1']:.3f}，"
        f"前两名命中 {measured['top2']:.3f}，可自动采信 {measured['auto_share_trained']:.3f}。"
    )
    if trained.withdrawn or trained.rare:
        click.echo(f"未参加训练：类别已停用 {trained.withdrawn:,} 件，类别样本过少 {trained.rare:,} 件。")
    if version.active:
        click.echo("已启用。")
    else:
        click.echo(
            f"未启用：在最近的工单上宏平均 F1 {trained.macro_f1:.3f}，在用版本 {trained.former_macro_f1:.3f}。"
            "仍要启用请加 --force。"
        )


@hotline_command.command("evaluate")
@click.option("--train", "train_file", required=True, type=A_FILE, help="训练样本 CSV：text,category")
@click.option("--test", "test_file", required=True, type=A_FILE, help="测试样本 CSV：text,category")
def evaluate_command(train_file: Path, test_file: Path) -> None:
    """用一个文件训练、另一个文件测试，打印 JSON；不需要数据库，不改动任何数据。

    训练文件可另有 weight（0 到 1）或 source（silver 为机器标注）列，也可另有 title 列。
    """
    learning, trying = read(train_file), read(test_file)
    _tell(train_file, learning)
    _tell(test_file, trying)
    begun = time.perf_counter()
    try:
        model = train(learning.rows, precision=WANTED_PRECISION)
    except TooFew as problem:
        raise Unreadable(f"{train_file} 不足以训练：{problem}。") from None
    seconds = time.perf_counter() - begun
    report = evaluation.evaluate(model, trying.rows, precision=WANTED_PRECISION)
    found = {
        "macro_f1": round(report.macro_f1, 4),
        "f1": {label: round(value, 4) for label, value in report.f1.items()},
        "top2": round(report.top2, 4),
        "auto_share_at_95": round(report.auto_share, 4),
        "auto_at_trained_threshold": {
            "share": round(report.auto_share_trained, 4),
            "precision": None
            if report.auto_precision_trained is None
            else round(report.auto_precision_trained, 4),
        },
        "n_train": len(learning.rows),
        "n_test": len(trying.rows),
        "train_seconds": round(seconds, 2),
        "p99_ms": round(evaluation.p99_ms(model, [row.text for row in trying.rows]), 2),
        "threshold": round(model.trust.threshold, 4) if model.trust.threshold <= 1 else None,
    }
    click.echo(json.dumps(found, ensure_ascii=False, indent=1))


def _tell(path: Path, found: Labelled) -> None:
    if found.passed_over:
        click.echo(f"{path}：{found.passed_over:,} 行没有 text 或 category，未使用。", err=True)
