"""What stands in a cell: the value of a column as people read it, with what decides its look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from yanzhen.engines.procedures.declare import State
from yanzhen.engines.procedures.models import Subject
from yanzhen.faces.console import markup
from yanzhen.faces.console.desk import Column, Desk
from yanzhen.foundation.calendar import Remaining, load_calendar, remaining, remaining_text
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account

UNKNOWN = "—"
MONEY_PLACES = 2
WITHHELD = "（保密）"
PLACES = {"state": "is-state", "due": "is-due"}
"""By hint; the title, the region and the last time have places of their own, the rest is left out on a phone."""
TONES = {"urgent": "amber", "critical": "red"}
"""Urgencies that stand out."""


@dataclass(frozen=True, slots=True)
class Due:
    """How a term stands; the words always say what the tone says too."""

    at: datetime
    tone: str
    left: Remaining

    @property
    def text(self) -> str:
        return remaining_text(self.left)

    @property
    def short(self) -> str:
        return remaining_text(self.left, short=True)


@dataclass(frozen=True, slots=True)
class Cell:
    name: str
    label: str
    hint: str
    text: str
    value: Any = None
    tone: str = "gray"
    place: str = ""
    """Where it stands when a row becomes a card on a phone."""

    @property
    def html(self) -> SafeString:
        return markup.value(self)


def cells(
    desk: Desk, row: Subject, columns: Sequence[Column], account: Account, *, now: datetime | None = None
) -> list[Cell]:
    hidden = desk.hidden(account, row)
    return [
        secret(desk, column) if column.name in hidden else cell(desk, row, column, now or timezone.now())
        for column in columns
    ]


def title_of(desk: Desk, row: Subject, account: Account) -> str:
    """Return the title of a subject as the account may read it."""
    return cells(desk, row, [Column(desk.title)], account)[0].text


def due_of(due_at: datetime | None, warn_at: datetime | None, *, now: datetime) -> Due | None:
    """Return how much working time is left; None where no term runs."""
    if due_at is None:
        return None
    left = remaining(now, due_at, load_calendar())
    tone = "red" if left.overdue else "amber" if warn_at and warn_at <= now else "green"
    return Due(due_at, tone, left)


def state_tone(state: State, *, first: bool) -> str:
    return "gray" if state.final else "purple" if first else "blue"


def shown(row: models.Model, name: str) -> str:
    """Return the value of a field as text; what is unknown or empty is a dash."""
    field = field_of(row, name)
    value = getattr(row, name)
    if value is None or value == "":
        return UNKNOWN
    if field.choices:
        return gettext(str(getattr(row, f"get_{name}_display")()))
    if isinstance(field, models.BooleanField):
        return gettext("是") if value else gettext("否")
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    if isinstance(field, models.DecimalField):
        # money and hours keep their places, a score that is kept to the fourth sheds its zeros
        return f"{value.normalize() if field.decimal_places > MONEY_PLACES else value:,f}"
    return str(value)


def cell(desk: Desk, row: Subject, column: Column, now: datetime) -> Cell:
    label, place = desk.label_of(column), _place(desk, column)
    if column.hint == "state":
        procedure = row.procedure
        stage = procedure.state(row.state)
        tone = state_tone(stage, first=stage is procedure.initial)
        return Cell(column.name, label, "state", stage.label, stage, tone, place)
    if column.hint == "due":
        due = due_of(row.due_at, row.warn_at, now=now)
        return Cell(column.name, label, "due", due.short if due else UNKNOWN, due, place=place)
    value = getattr(row, column.name)
    tone = TONES.get(str(value), "gray")
    text = column.said(row) or UNKNOWN if column.said else shown(row, column.name)
    return Cell(column.name, label, column.hint, text, value, tone, place)


def secret(desk: Desk, column: Column) -> Cell:
    text = gettext(WITHHELD)
    return Cell(column.name, desk.label_of(column), column.hint, text, text, place=_place(desk, column))


def _place(desk: Desk, column: Column) -> str:
    if column.name == desk.title:
        return "is-title"
    if column.name == "region":
        return "is-region"
    if column.name == desk.columns[-1].name:
        return "is-time"
    return PLACES.get(column.hint, "is-more")
