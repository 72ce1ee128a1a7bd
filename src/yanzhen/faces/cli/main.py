"""`yanzhen`: the commands of an installation. What a command needs is settled before its module is imported."""

from __future__ import annotations

import importlib
import logging
import sys
from dataclasses import dataclass

import click
import django
from django.db import OperationalError

from yanzhen.faces.cli import place
from yanzhen.foundation.errors import Refusal


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its module (which has a function of the same name), and the database role that it works as."""

    name: str
    module: str
    help: str
    role: place.Role = "owner"
    opens: bool = False
    """Whether it opens an installation, and so makes the keys that are not there."""


COMMANDS = {
    entry.name: entry
    for entry in (
        Entry("demo", "demo", "试用：在本机启动演示省", opens=True),
        Entry("init", "install", "安装或升级：建表、载入基础数据、开第一个管理员账号", opens=True),
        Entry("serve", "serving", "启动网页服务", role="web"),
        Entry("worker", "serving", "启动后台任务和记录封存", role="web"),
        Entry("import", "sheets", "导入表格", role="web"),
        Entry("report", "report", "打印指标", role="web"),
        Entry("hotline", "hotline", "热线：训练和评估诉求分类", role="web"),
        Entry("records", "records", "校验或导出记录链"),
        Entry("keys", "keys", "轮换数据密钥，查看改封进度"),
        Entry("search", "search", "重建全文检索的条目"),
        Entry("backup", "backup", "备份数据库、附件和检查点"),
        Entry("restore", "backup", "从备份恢复"),
        Entry("doctor", "doctor", "检查安装，逐项说明怎样改正"),
    )
}


class Commands(click.Group):
    """Commands that are imported when they are called: Django reads its settings at that moment."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if not (entry := COMMANDS.get(cmd_name)):
            return None
        place.prepare(entry.role)
        if entry.opens and "--help" not in sys.argv:
            place.make_keys()
        logging.getLogger("procrastinate").setLevel(logging.WARNING)
        django.setup()
        module = importlib.import_module(f"yanzhen.faces.cli.{entry.module}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("命令"):
            formatter.write_dl([(entry.name, entry.help) for entry in COMMANDS.values()])


@click.command(cls=Commands)
@click.version_option(package_name="yanzhen")
def cli() -> None:
    """雁阵：产业工人队伍建设改革业务平台。"""


def main() -> None:
    """Run the command line; a refusal is a sentence for the reader, not a traceback."""
    try:
        cli()
    except Refusal as refusal:
        click.echo(f"未执行：{refusal.message}", err=True)
        sys.exit(1)
    except OperationalError as error:
        click.echo(f"未执行：数据库没有应答，请检查它是否在运行、DATABASE_URL 是否正确。\n{error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
