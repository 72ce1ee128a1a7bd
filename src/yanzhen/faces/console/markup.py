"""How a cell becomes markup. In Python and not in templates: a template costs twenty times as much for each
(`python -m bench worklist`). Every text passes `escape`."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext

if TYPE_CHECKING:
    from yanzhen.faces.console.cells import Cell


def value(cell: Cell) -> SafeString:
    """Return what stands in a cell, its look after its hint."""
    return SafeString(_value(cell))


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
