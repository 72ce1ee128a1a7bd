"""The chain of records: verify the live database, or export it for an auditor."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from yanzhen.faces.cli import place
from yanzhen.foundation.records import export, verify

SHOWN = 50


@click.group("records")
def records_command() -> None:
    """校验或导出记录链。"""


@records_command.command("verify")
@click.option(
    "--outside",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="库外检查点目录，可多次给出；默认按设置",
)
def verify_records(outside: tuple[Path, ...]) -> None:
    """逐条核对记录、检查点、签名和库外检查点；有任何不符时退出码为 1。"""
    with place.database():
        findings = verify(outside=outside or None)
    for finding in findings[:SHOWN]:
        where = "，".join(
            f"{label} {number}"
            for label, number in (("检查点", finding.checkpoint), ("记录", finding.record))
            if number is not None
        )
        click.echo(f"✗ {finding.message}（{where or finding.kind}）")
    if findings:
        click.echo(f"\n发现 {len(findings)} 处不符。")
        sys.exit(1)
    click.echo("✓ 记录、检查点和签名全部相符。")


@records_command.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
def export_records(folder: Path) -> None:
    """把已封存的记录和校验程序导出到新目录 FOLDER，供审计方独立核对。"""
    with place.database():
        done = export(folder)
    click.echo(
        f"已导出 {done.records} 条记录、{done.checkpoints} 个检查点到 {folder}，校验方法见其中的 README.txt。"
    )
