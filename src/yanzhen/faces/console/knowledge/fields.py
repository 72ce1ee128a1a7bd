"""Fields that the forms of knowledge and wordings share, and a plain text read as paragraphs and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.knowledge.queries import categories as rows_of_categories
from yanzhen.faces import registers
from yanzhen.faces.console.choices import Choice, Group
from yanzhen.faces.console.setup.fields import region_choices
from yanzhen.faces.console.themes import category_field as themed
from yanzhen.faces.places import categories, region_by_code
from yanzhen.foundation.models import Account, Region

ITEM = re.compile(r"(?:[-·•]|(\d{1,2})[.、])\s*(.+)")


@dataclass(slots=True)
class Block:
    """A paragraph ("p") or a list ("ul", "ol") of lines."""

    kind: str
    lines: list[str] = field(default_factory=list)


def blocks(text: str) -> list[Block]:
    """Read a text as paragraphs, which empty lines part, and lists, whose lines begin with "- " or "1. "."""
    found: list[Block] = []
    for line in text.splitlines():
        match = ITEM.fullmatch(line.strip())
        kind = "p" if match is None else "ol" if match[1] else "ul"
        if not line.strip():
            found.append(Block(""))
            continue
        if not found or found[-1].kind != kind:
            found.append(Block(kind))
        found[-1].lines.append(match[2] if match else line.strip())
    return [block for block in found if block.lines]


def levels(rows: Iterable[tuple[str, str]]) -> list[Group]:
    """Return the tree of categories as groups by first level; each node may be chosen for all that is below it."""
    names = dict(rows)
    groups: dict[str, tuple[str, list[Choice]]] = {}
    for code, name in names.items():
        if len(code) == 2:
            groups[code] = (name, [(code, gettext("%(branch)s（全部）") % {"branch": name})])
        elif code[:2] in groups:
            label = name if len(code) == 4 else f"{names.get(code[:4], '')} / {name}"
            groups[code[:2]][1].append((code, label))
    return [*groups.values()]


def category_field() -> forms.ModelChoiceField[Any]:
    chosen = themed(rows_of_categories(), levels(categories()))
    chosen.required = False
    chosen.label = _("适用类别（选填）")
    return chosen


class Placed(forms.Form):
    """A form for something that has a place: a region that it holds in and below, a department line."""

    region = forms.ChoiceField(label=_("适用区划（含以下）"))
    line: forms.ModelChoiceField[Any] = forms.ModelChoiceField(None, label=_("条线"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = region_choices()  # type: ignore[attr-defined]  # a choice
        self.fields["line"].queryset = registers.department_lines()  # type: ignore[attr-defined]  # a model choice
        self.fields["category"] = category_field()

    def clean_region(self) -> Region | None:
        return region_by_code(self.cleaned_data["region"])


def home_of(account: Account, right: str) -> dict[str, Any]:
    """Return the place that a new text of the account is likely for: where it first holds the right."""
    reach = next(iter(account.reaches(right)), None)
    return {"region": reach.prefix.ljust(6, "0"), "line": reach.line or "union"} if reach else {}
