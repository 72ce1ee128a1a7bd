"""Make the entries of the search anew from the rows they are of."""

from __future__ import annotations

import click

from yanzhen.engines.search.declare import SEARCHABLES
from yanzhen.engines.search.install import rebuild
from yanzhen.faces.cli import place
from yanzhen.foundation.scope import EVERYTHING, database_scope


@click.command()
def search() -> None:
    """重建全文检索的条目；可重复运行，期间照常使用。"""
    with place.database(), database_scope({EVERYTHING}):
        for searchable in SEARCHABLES:
            made = rebuild(searchable)
            click.echo(f"{searchable.model._meta.verbose_name}：已重建 {made:,} 条检索条目。")
