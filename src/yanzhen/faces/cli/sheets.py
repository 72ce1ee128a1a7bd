"""Import a table from the command line: what the console does, with the check and the import in the foreground."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
from django.core.files import File

from yanzhen.faces.cli import place
from yanzhen.faces.cli.report import account_named
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, Batch
from yanzhen.foundation.scope import EVERYTHING, database_scope
from yanzhen.foundation.sheets import (
    SHEETS,
    Sheet,
    confirm,
    discard,
    hand_out_failed,
    problems_of,
    running,
    submit,
    template,
)

SHOWN = 10
"""Rows whose problems are printed; the workbook has all."""


@click.command("import")
@click.argument("code", required=False, metavar="[表格]")
@click.argument("file", required=False, metavar="[文件]", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--as", "username", metavar="用户名", help="以谁的权限导入")
@click.option("--yes", is_flag=True, help="导入合格的行；不写则只校验，不导入")
@click.option(
    "--failed", type=click.Path(path_type=Path, dir_okay=False), help="把不合格的行连同原因写到这个 xlsx"
)
@click.option("--template", "blank", is_flag=True, help="不导入，把空白模板写到 [文件]")
def import_command(
    code: str | None, file: Path | None, username: str | None, failed: Path | None, *, yes: bool, blank: bool
) -> None:
    """导入表格（xlsx、xls、ods、csv）；不写参数时列出可导入的表格。"""
    if code is None:
        for each in SHEETS:
            click.echo(f"{each.code:28}{each.label}")
        return
    if file is None:
        raise click.UsageError("请写明文件：yanzhen import 表格 文件")
    with place.database():
        sheet = _sheet(code)
        if blank:
            with file.open("wb") as out:
                template(sheet, out)
            click.echo(f"已写出“{sheet.label}”模板：{file}")
            return
        if username is None:
            raise click.UsageError("请用 --as 写明以谁的权限导入")
        done = _import(sheet, file, account_named(username), failed=failed, yes=yes)
        place.hand_over()
    if not done:
        sys.exit(1)


def _sheet(code: str) -> Sheet:
    if code not in SHEETS:
        words = f"没有表格 {code}；可导入的有：{'、'.join(sheet.code for sheet in SHEETS)}"
        raise Invalid(words, fields={"sheet": words})
    return SHEETS[code]


def _import(sheet: Sheet, file: Path, account: Account, *, failed: Path | None, yes: bool) -> bool:
    """Return whether the file could be read and something in it was good."""
    if not file.is_file():
        raise Invalid(f"找不到文件 {file}", fields={"file": "找不到文件"})
    with file.open("rb") as stream, database_scope(account.audience_keys()):
        batch = submit(sheet, File(stream, file.name), actor=account, foreground=True)
    batch = _run("读取与校验", running.check, batch)
    if batch.state == Batch.State.FAILED:
        click.echo(f"未能读取：{batch.problem}", err=True)
        return False
    _tell(batch, failed)
    with database_scope(account.audience_keys()):
        if not yes or not batch.good:
            discard(batch, actor=account)
            click.echo("只校验，没有导入。" + ("确认导入请加 --yes。" if batch.good else ""))
            return batch.good > 0
        batch = confirm(batch, actor=account, foreground=True)
    batch = _run("导入", running.apply, batch)
    if batch.state != Batch.State.APPLIED:
        click.echo(
            f"导入中断于第 {batch.done:,} 行：{batch.problem}。改正后可在“表格导入导出”继续或撤销。", err=True
        )
        return False
    click.echo(f"已导入 {batch.done:,} 行，批次 {batch.pk}。")
    return True


def _run(label: str, work: Callable[[int, running.Progress], None], batch: Batch) -> Batch:
    """Do a stage with everything in reach, as the worker does, and return the batch as it is then."""
    with click.progressbar(length=max(batch.good, 1), label=label) as bar, database_scope({EVERYTHING}):

        def show(done: int, whole: int) -> None:
            bar.length = max(whole, done, 1)
            bar.update(done - bar.pos)

        work(batch.pk, show)
        bar.update(bar.length - bar.pos if bar.length else 0)
        batch.refresh_from_db()
    return batch


def _tell(batch: Batch, failed: Path | None) -> None:
    click.echo(f"共 {batch.rows:,} 行：合格 {batch.good:,}，不合格 {batch.bad:,}。")
    with database_scope({EVERYTHING}):
        for row in problems_of(batch, SHOWN):
            click.echo(f"  第 {row.number} 行  {'；'.join(row.problems)}")
        if batch.bad > SHOWN:
            click.echo(
                f"  …… 其余 {batch.bad - SHOWN:,} 行从略" + ("" if failed else "，可用 --failed 写出全部")
            )
        if failed and batch.bad:
            with failed.open("wb") as out:
                hand_out_failed(batch, out, actor=batch.sender)
            click.echo(f"不合格的行已写到 {failed}，改正后可直接再次导入。")
