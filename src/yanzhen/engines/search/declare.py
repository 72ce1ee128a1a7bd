"""Declare what of a kind of subject is searched: its texts, its number, and what is looked up whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q

from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account
from yanzhen.foundation.registry import Registry
from yanzhen.foundation.scope import Scoped


@dataclass(frozen=True, slots=True)
class Searchable:
    """`fields` are columns of text of a scoped model; the database keeps their entries by triggers (install.py)."""

    code: str
    model: type[Scoped]
    fields: tuple[str, ...]
    elsewhere: Callable[[str], Q | None] = lambda _text: None
    """What else a text may mean than words, as a condition on the model; None where it means nothing else."""
    openly: Callable[[Account], Q] = lambda _account: Q()
    """Of which rows `elsewhere` may tell the account: a match says as much as the thing itself."""
    instead: Callable[[str], Q | None] = lambda _text: None
    """The same for what can be no words at all, such as a number: then texts are not looked through."""

    def __post_init__(self) -> None:
        for name in self.fields:
            if field_of(self.model, name).get_internal_type() not in {"CharField", "TextField"}:
                raise DeclarationError(f"searchable {self.code}: {name} is no text")

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(field_of(self.model, name).column for name in self.fields)


SEARCHABLES: Registry[Searchable] = Registry("searchable")
