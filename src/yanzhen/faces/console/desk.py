"""A desk: the declaration from which list, detail, moves and bulk moves of one kind of subject are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, QuerySet

from yanzhen.engines.procedures.declare import PROCEDURES, Procedure, Transition
from yanzhen.engines.procedures.models import Subject
from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account
from yanzhen.foundation.registry import Registry

HINTS = frozenset({"text", "long", "short", "state", "due", "time", "urgency", "yes_no", "money"})
"""How a column is shown; console/_value.html and the style sheet know them."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the subject. Without a label it has that of the field."""

    name: str
    label: str = ""
    hint: str = "text"
    said: Callable[[Any], str] | None = None
    """How a value that is a code is told, of the subject; on the detail page alone, for it may ask the database."""


@dataclass(frozen=True, slots=True)
class Section:
    """A group of facts on the detail page."""

    label: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Reveal:
    """Something kept masked that may be seen in full, for a reason that is put on record."""

    label: str
    right: str
    masked: str
    """The field that holds the mask."""
    fields: tuple[tuple[str, str], ...]
    """Keys of what `act` returns, with their labels."""
    act: Callable[..., dict[str, str]]
    unless: str = ""
    """A yes-or-no field of the subject: where it says yes, nobody was told who it is."""


@dataclass(frozen=True, slots=True)
class Advised:
    """What the rules propose for a field of a move, and why; None where they propose nothing."""

    value: Model | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Secrecy:
    """Subjects that are kept secret: what of them is hidden from whom. Each look at one is put on record."""

    field: str
    """A yes-or-no field of the subject."""
    hides: Callable[[Account, Any], frozenset[str]]
    """Takes the account and the subject; returns the names of the fields that it does not see."""

    def hidden(self, account: Account, row: Subject) -> frozenset[str]:
        return self.hides(account, row) if getattr(row, self.field) else frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """A page about one subject beside its own: `view` takes its number, and is offered to holders of `right`."""

    label: str
    view: str
    icon: str
    right: str
    story: bool = False
    """Whether it tells what the subject is about: then it is for those alone who may read that."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the detail page shows of this kind of subject alone: `template` draws what `show` gives, None for nothing."""

    template: str
    show: Callable[[Any, Account], Mapping[str, Any] | None]
    beside: bool = False
    """It stands in the narrow column, below the moves."""


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """`name` is the first part of its addresses, `code` the same for the registry. Checked at import."""

    name: str
    label: str
    model: type[Subject]
    query: Callable[[Account], QuerySet[Any]]
    """All that the account may see; every page of the desk begins here."""
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    filters: type[Any]
    """A django-filter FilterSet over a plain GET form."""
    title: str = "title"
    icon: str = "inbox"
    register: str = ""
    """Name of the address where a new one is taken in, and the right that it needs; "" where there is none."""
    register_right: str = ""
    reveal: Reveal | None = None
    reissue: Callable[..., str] | None = None
    """Gives the subject a new check code for a reason, under the right of `reveal`; None where there are none."""
    links: tuple[Link, ...] = ()
    parts: tuple[Part, ...] = ()
    pickers: dict[str, Callable[..., Any]] = field(default_factory=dict)
    """For a field of a move that chooses among rows: builds the form's field (console.forms)."""

    advice: dict[str, Callable[[Any], Advised]] = field(default_factory=dict)
    """For a field of a move: what the rules propose for the subject as it stands."""
    suggests: dict[str, Callable[[Any], Sequence[Any]]] = field(default_factory=dict)
    """For a field of a move that chooses among many rows: likely ones by the subject's text, each with the words that
    spoke for it (console/classification/_suggestions.html). Read from `title` and `body`: not shown to whom those are hidden."""
    secrecy: Secrecy | None = None
    own_pages: dict[str, str] = field(default_factory=dict)
    """Moves that keep more than their fields and so have a page of their own: the name of its address, by code."""

    def __post_init__(self) -> None:
        columns = (*self.columns, *(c for s in self.sections for c in s.columns))
        if wrong := sorted({c.hint for c in columns} - HINTS):
            raise DeclarationError(f"desk {self.name}: unknown hints {wrong}")
        for column in columns:
            field_of(self.model, column.name)

    @property
    def code(self) -> str:
        return self.name

    @property
    def procedure(self) -> Procedure:
        """The newest version of the procedure that moves the desk's subjects."""
        return PROCEDURES.current(self.model.procedure_code)

    @property
    def reissues(self) -> bool:
        """For templates, which would call `reissue`."""
        return self.reissue is not None

    def suggested(self, move: Transition, account: Account, row: Subject) -> list[Any] | None:
        """Return what is suggested for a field of the move; None where nothing is to be suggested."""
        names = [name for name in (*move.fields, *move.optional) if name in self.suggests]
        if not names or self.hidden(account, row) & {"title", "body"}:
            return None
        return [each for name in names for each in self.suggests[name](row)]

    def hidden(self, account: Account, row: Subject) -> frozenset[str]:
        """Return the names of the fields of `row` that the account does not see."""
        return self.secrecy.hidden(account, row) if self.secrecy else frozenset()

    def secret(self, row: Subject) -> bool:
        return bool(self.secrecy and getattr(row, self.secrecy.field))

    def tells(self, account: Account, row: Subject) -> bool:
        """Tell whether the account sees what hangs on `row`: its papers, notes and other parties' parts tell as much as
        its title does."""
        return self.title not in self.hidden(account, row)

    @property
    def bulk_moves(self) -> list[Transition]:
        return [t for t in self.procedure.transitions if t.bulk]

    def label_of(self, column: Column) -> str:
        return column.label or str(field_of(self.model, column.name).verbose_name)


DESKS: Registry[Desk] = Registry("desk")
