"""Kinds of notice: what may be told, in which words. Domains declare theirs in `notices.py`."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter

from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.registry import Registry

VALUES = frozenset({"number", "region", "state", "due_at", "at", "day", "count"})
"""What a notice may say beside its kind. A name, a phone, a title or a body is none of them, and so never leaves."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One kind of notice. `template` is a sentence with {number}, {due_at} ... of VALUES. Checked at import."""

    code: str
    label: str
    template: str
    urgent: bool = False
    """Told at any hour; others wait until offices open."""
    outward: bool = True
    """Whether endpoints may ask for it; else it is for accounts alone."""

    def __post_init__(self) -> None:
        if wrong := sorted(self.names - VALUES):
            raise DeclarationError(f"notice {self.code} says {wrong}, which no notice may")

    @property
    def names(self) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(self.template) if name}


NOTICES: Registry[Notice] = Registry("notice")
