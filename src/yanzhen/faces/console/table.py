"""The rows of a list, as an account may read them and as markup.

A page has four hundred cells, and the same few states, places and units stand in most of them: what a value says and how
it looks is made once for each that is there (`python -m bench worklist`). Every text passes `escape`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from operator import attrgetter
from typing import Any
from urllib.parse import quote

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from yanzhen.engines.procedures.models import Subject
from yanzhen.engines.search.finding import Found
from yanzhen.engines.search.marks import Part, excerpt, holds, marked
from yanzhen.faces.console import markup
from yanzhen.faces.console.cells import WITHHELD, Cell, cell, secret
from yanzhen.faces.console.desk import Column, Desk
from yanzhen.faces.places import point
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list."""

    pk: int
    number: str
    cells: list[str]
    """As markup; the title's is its opening alone, for `rows` to put the title in."""
    title: list[Part]
    """Its title, with the words that were looked for."""
    excerpt: list[Part]
    """A line of its other texts around them; [] where nothing was looked for, or the title alone has it."""


def lines(desk: Desk, rows: Sequence[Subject], account: Account, found: Found | None = None) -> list[Line]:
    """Return the rows of a page as `account` may read them; what they point to comes in a statement a column at most.

    `found` is what the page was searched for.
    """
    now = timezone.now()
    pointing = [c.name for c in desk.columns if field_of(desk.model, c.name).is_relation]
    point(rows, pointing, known=account)
    columns = [_Drawn(desk, column, now) for column in desk.columns]
    listed = []
    for row in rows:
        hidden = desk.hidden(account, row)
        listed.append(
            Line(
                row.pk,
                row.number,
                [column.withheld() if column.name in hidden else column.of(row) for column in columns],
                *_searched(desk, row, found, hidden),
            )
        )
    return listed


def rows(desk: Desk, lines: Sequence[Line], *, picks: bool = False) -> SafeString:
    """Return the rows of a table; with `picks` each begins with a box to choose it."""
    home = reverse("console:list", args=[desk])
    pick = gettext("选中 %(number)s") if picks else ""
    at = next((n for n, column in enumerate(desk.columns) if column.name == desk.title), None)
    return SafeString("".join(f"<tr>{_pick(line, pick)}{_cells(line, at, home)}</tr>" for line in lines))


class _Drawn:
    """A column of one page: draws the cells of its rows."""

    def __init__(self, desk: Desk, column: Column, now: datetime) -> None:
        self.desk, self.column, self.now, self.name = desk, column, now, column.name
        self.decides = _decides(desk, column)
        self.kept: dict[Any, str] = {}

    def of(self, row: Subject) -> str:
        if self.decides is None:
            return self._made(cell(self.desk, row, self.column, self.now))
        value = self.decides(row)
        made = self.kept.get(value)
        if made is None:
            made = self.kept[value] = self._made(cell(self.desk, row, self.column, self.now))
        return made

    def withheld(self) -> str:
        return self._made(secret(self.desk, self.column))

    def _made(self, shown: Cell) -> str:
        opening = f'<td class="{shown.place} {shown.hint}">'
        return opening if self.name == self.desk.title else f"{opening}{markup.value(shown)}</td>"


def _decides(desk: Desk, column: Column) -> Callable[[Any], object] | None:
    """Return what of a row decides what stands in the column; None where nearly every row has its own."""
    if column.name == desk.title:
        return lambda _row: None  # `rows` puts the title in
    if column.hint == "state":
        return attrgetter("procedure_version", "state")
    if column.hint == "due" or column.said:
        return None
    field = field_of(desk.model, column.name)
    few = field.is_relation or field.choices or isinstance(field, models.BooleanField)
    return attrgetter(field.attname) if few else None


def _searched(
    desk: Desk, row: Subject, found: Found | None, hidden: frozenset[str]
) -> tuple[list[Part], list[Part]]:
    """Return the title and a line of the other texts with the words marked, of what is not hidden."""
    title = gettext(WITHHELD) if desk.title in hidden else str(getattr(row, desk.title))
    if found is None:
        return [Part(title, hit=False)], []
    names = {*found.searchable.fields} - {desk.title} - hidden
    texts = (getattr(row, name) for name in found.searchable.fields if name in names)
    return marked(title, found), [] if holds(title, found) else excerpt(texts, found)


def _pick(line: Line, label: str) -> str:
    if not label:
        return ""
    return (
        f'<td class="pick"><input class="form-check-input" type="checkbox" name="ids" value="{line.pk}"'
        f' aria-label="{escape(label % {"number": line.number})}" @change="recount"></td>'
    )


def _cells(line: Line, title: int | None, home: str) -> str:
    cells = [*line.cells]
    if title is not None:
        cells[title] += f"{_title(line, home)}</td>"
    return "".join(cells)


def _title(line: Line, home: str) -> str:
    """Return the link to the subject, its number below, and where something was looked for the words around it."""
    around = f'<span class="excerpt">{_marked(line.excerpt)}</span>' if line.excerpt else ""
    link = f'<a href="{home}{quote(line.number)}/">{_marked(line.title)}</a>'
    return f'{link} <span class="under">{escape(line.number)}</span>{around}'


def _marked(parts: Sequence[Part]) -> str:
    return "".join(f"<mark>{escape(p.text)}</mark>" if p.hit else escape(p.text) for p in parts)
