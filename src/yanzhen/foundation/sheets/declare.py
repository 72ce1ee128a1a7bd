"""Declare a sheet: its columns, the rules between them, what a row becomes; frozen data checked at import."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.registry import Registry
from yanzhen.foundation.rights import RIGHTS
from yanzhen.foundation.sheets.reader import MOST_COLUMNS, fold

if TYPE_CHECKING:
    from yanzhen.foundation.models import Account, Batch

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
LABEL = re.compile(r"[^\\\"{},\s:：]{1,30}")
TAKEN = frozenset({"reach", "cells", "problems"})
"""Names that the statement of the checks uses itself."""
REASONS = "不合格原因"
"""The last column of the workbook of failed rows; a sheet may not have one of that name."""


class Kind(StrEnum):
    TEXT = "text"
    LONG = "long"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    USCC = "uscc"
    DATE = "date"
    DATETIME = "datetime"
    INTEGER = "integer"
    MONEY = "money"
    YES_NO = "yes_no"
    CHOICE = "choice"


AS_TEXT = frozenset({Kind.ID_NUMBER, Kind.PHONE, Kind.USCC})
"""Numbers that are names: in a number cell Excel keeps but fifteen of their digits."""

Choices = Callable[[], Iterable[tuple[str, str]]]
"""Returns (code, name) of what may be chosen now."""


@dataclass(frozen=True, slots=True)
class Column:
    """`private` cells (names, phones, ID numbers) leave the staged row as soon as it is applied."""

    name: str
    label: str
    kind: Kind
    required: bool = False
    choices: Choices | None = None
    max_length: int | None = None
    help: str = ""
    example: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A rule that one column alone can not tell.

    `condition` is SQL over the row `cells`: each column by its name, typed (integer and money as numbers, yes_no as
    boolean, date and datetime as such, all else as text; null where blank or wrong), and `reach`, the sender's keys.
    The rule is broken where the condition is false, not where it is null. `message` goes to `column`.
    """

    column: str
    condition: str
    message: str


@dataclass(slots=True)
class Row:
    """A checked row, as `apply` gets it and fills it in."""

    id: int
    number: int
    values: Mapping[str, Any]
    """By column; blank ones are None."""
    target_id: int | None = None
    before: dict[str, Any] | None = None
    """What the target held of the columns changed; stays None where the target is new."""


class Examine(Protocol):
    """Says of rows that passed every check what SQL over their cells can not tell: (column, message) by row id.

    As where somebody is found by the keyed hash of a number. It is asked by chunks, when a file is checked and once more
    before it is applied; it reads with everything in reach, in as many statements for many rows as for one.
    """

    def __call__(self, rows: Sequence[Row]) -> Mapping[int, tuple[str, str]]: ...


class Apply(Protocol):
    """Makes all `rows` of a chunk what they are to be, sets their `target_id`, writes the records. Atomic from outside."""

    def __call__(self, rows: Sequence[Row], *, batch: Batch) -> None: ...


class Undo(Protocol):
    """Takes back all that the batch made, on record; raises UndoRefused naming what stands in the way."""

    def __call__(self, batch: Batch, *, actor: Account, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A kind of table that may be sent in. `right` is needed over the place of every row.

    `region` is the column that holds a row's region code; `line` the column that holds its line, or the code of the
    one line that all rows belong to. `basis` is the page that says what the columns mean.
    """

    code: str
    label: str
    right: str
    columns: tuple[Column, ...]
    apply: Apply
    undo: Undo
    basis: str
    line: str
    region: str = "region"
    checks: tuple[Check, ...] = ()
    examine: Examine | None = None
    help: str = ""

    def __post_init__(self) -> None:
        for problem in (*self._problems(), *self._column_problems()):
            raise DeclarationError(f"{self.code}: {problem}")

    def column(self, name: str) -> Column:
        """Return a column; raises StopIteration where there is none."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def has_line_column(self) -> bool:
        return self.line in self.names

    @property
    def example(self) -> dict[str, str]:
        """The template's first row; it is not imported."""
        return {column.name: column.example for column in self.columns if column.example}

    def _problems(self) -> Iterator[str]:
        labels = [fold(column.label) for column in self.columns]
        if len(set(self.names)) != len(self.names) or len(set(labels)) != len(labels):
            yield "two columns share a name or a label"
        if len(self.columns) >= MOST_COLUMNS or fold(REASONS) in labels:
            yield f"no more than {MOST_COLUMNS - 1} columns, and none called {REASONS}"
        if self.right not in RIGHTS:
            yield f"right {self.right} is not declared"
        if unknown := {check.column for check in self.checks} - set(self.names):
            yield f"checks of unknown columns {sorted(unknown)}"
        for name in {self.region, self.line} & {self.region, *self.names}:
            if name not in self.names or not self.column(name).required or not self.column(name).choices:
                yield f"{name} says where a row belongs: a required column of choices"

    def _column_problems(self) -> Iterator[str]:
        for column in self.columns:
            if not NAME.fullmatch(column.name) or not LABEL.fullmatch(column.label) or column.name in TAKEN:
                yield f"{column.name}: name or label has characters that can not stand in a statement"
            if (column.kind == Kind.CHOICE) != (column.choices is not None):
                yield f"{column.name}: choices go with the kind choice"
            if (column.kind in {Kind.TEXT, Kind.LONG}) != (column.max_length is not None):
                yield f"{column.name}: texts have a max_length, other kinds have none"


SHEETS: Registry[Sheet] = Registry("sheet")
