"""How cells and rows become markup. In Python and not in templates: a list has four hundred cells, and a template costs
twenty times as much for each (`python -m bench worklist`). Every text passes `escape`."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from yanzhen.engines.search.marks import Part
from yanzhen.faces.console.desk import Desk

if TYPE_CHECKING:
    from yanzhen.faces.console.cells import Cell, Line


def value(cell: Cell) -> SafeString:
    """Return what stands in a cell, its look after its hint."""
    return SafeString(_value(cell))


def rows(desk: Desk, lines: Sequence[Line], *, picks: bool = False) -> SafeString:
    """Return the rows of a table; with `picks` each begins with a box to choose it."""
    home = reverse("console:list", args=[desk])
    pick = gettext("选中 %(number)s") if picks else ""
    return SafeString("".join(f"<tr>{_pick(line, pick)}{_cells(desk, line, home)}</tr>" for line in lines))


def _value(cell: Cell) -> str:
    if cell.hint == "due" and cell.value:
        at = f"{timezone.localtime(cell.value.at):%Y-%m-%d %H:%M}"
        return f'<span class="mark tone-{cell.value.tone}" title="{at}">{escape(cell.text)}</span>'
    if cell.hint == "state" or (cell.hint == "urgency" and cell.tone != "gray"):
        return f'<span class="mark tone-{cell.tone}">{escape(gettext(cell.text))}</span>'
    if cell.hint in {"yes_no", "urgency"}:
        return escape(gettext(cell.text))
    if cell.hint == "long":
        return f'<span class="wall-of-text">{escape(cell.text)}</span>'
    return escape(cell.text)


def _pick(line: Line, label: str) -> str:
    if not label:
        return ""
    return (
        f'<td class="pick"><input class="form-check-input" type="checkbox" name="ids" value="{line.pk}"'
        f' aria-label="{escape(label % {"number": line.number})}" @change="recount"></td>'
    )


def _cells(desk: Desk, line: Line, home: str) -> str:
    return "".join(
        f'<td class="{cell.place} {cell.hint}">{_title(line, home) if cell.name == desk.title else _value(cell)}</td>'
        for cell in line.cells
    )


def _title(line: Line, home: str) -> str:
    """Return the link to the subject, its number below, and where something was looked for the words around it."""
    around = f'<span class="excerpt">{_marked(line.excerpt)}</span>' if line.excerpt else ""
    link = f'<a href="{home}{quote(line.number)}/">{_marked(line.title)}</a>'
    return f'{link} <span class="under">{escape(line.number)}</span>{around}'


def _marked(parts: Sequence[Part]) -> str:
    return "".join(f"<mark>{escape(p.text)}</mark>" if p.hit else escape(p.text) for p in parts)
