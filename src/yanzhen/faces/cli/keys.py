"""The ring of data keys: put a new one before the others, and see how much is still under which."""

from __future__ import annotations

import click
from django.utils import timezone

from yanzhen.faces.cli import place
from yanzhen.faces.login import second_factor  # noqa: F401  # declares what it seals
from yanzhen.foundation import keys
from yanzhen.foundation.keys import Standing
from yanzhen.foundation.scope import EVERYTHING, database_scope


@click.group("keys")
def keys_command() -> None:
    """轮换数据密钥，查看密文改封的进度。"""


@keys_command.command("rotate")
def rotate_keys() -> None:
    """启用一把新的数据密钥；旧密钥下的密文由后台任务逐批改封，期间照常使用。"""
    with place.database():
        made = keys.rotate()
    click.echo(
        f"已启用第 {made.pk} 号数据密钥。请保持 yanzhen worker 运行，进度用 yanzhen keys status 查看。"
    )


@keys_command.command("status")
def show_keys() -> None:
    """逐把列出数据密钥和其下的密文数量。"""
    with place.database(), database_scope({EVERYTHING}):
        found = keys.standings()
    if not found:
        click.echo("还没有数据密钥：请运行 yanzhen init。")
        return
    for index, standing in enumerate(found):
        click.echo(f"第 {standing.key.pk} 号  {_since(standing)}  {_state(standing, newest=index == 0)}")
        for label, count in standing.under.items():
            click.echo(f"    {label} {count:,}")
    left = sum(standing.total for standing in found[1:])
    click.echo(f"\n还有 {left:,} 项在旧密钥下，等待后台任务改封。" if left else "\n全部密文都在现用密钥下。")


def _since(standing: Standing) -> str:
    return f"{timezone.localtime(standing.key.created_at):%Y-%m-%d %H:%M} 启用"


def _state(standing: Standing, *, newest: bool) -> str:
    if newest:
        return "现用"
    if at := standing.key.retired_at:
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M} 停用"
    return "旧，待改封" if standing.total else "旧，待停用"
