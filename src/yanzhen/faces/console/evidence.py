"""Which records speak of a subject: its own, those of its work orders and papers, and the lists that showed it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from yanzhen.engines.procedures import queries
from yanzhen.engines.procedures.models import Subject
from yanzhen.faces.console.desk import DESKS, Desk
from yanzhen.foundation import attachments
from yanzhen.foundation.models import Account, Record
from yanzhen.foundation.records import lists_that_showed

MOST_LISTS = 2000
"""Lists that showed one subject; the newest of them are looked through."""


@dataclass(frozen=True, slots=True)
class Named:
    """A subject by the desk it lies on."""

    desk: Desk
    row: Subject


def subject_numbered(number: str) -> Named | None:
    """Return the subject of that number, wherever it lies. Read it with everything in reach."""
    desks = _by_model()
    row = queries.subject_numbered(number, [desk.model for desk in desks.values()])
    return Named(desks[row._meta.label_lower], row) if row else None


def speaking_of(named: Named, account: Account) -> tuple[Q, list[int]]:
    """Return the condition that a record speaks of the subject, and the ids of the lists that showed it.

    Such a list belongs to no place; who may look into the records of the subject learns of it all the same.
    """
    row = named.row
    own = Q(subject_type=row._meta.label_lower, subject_id=str(row.pk))
    for others in (queries.parties(row), attachments.of(row)):
        if others:
            ids = [str(each.pk) for each in others]
            own |= Q(subject_type=others[0]._meta.label_lower, subject_id__in=ids)
    may = account.has_right("record.view", row)
    lists = lists_that_showed(named.desk.name, row.pk, MOST_LISTS) if may else []
    return own | Q(pk__in=lists), lists


def subjects(records: Iterable[Record]) -> dict[tuple[str, str], Named]:
    """Return the subjects that the records speak of, by type and id: a statement for each kind. As `subject_numbered`."""
    wanted: dict[str, set[str]] = {}
    for record in records:
        wanted.setdefault(record.subject_type, set()).add(record.subject_id)
    return {
        (kind, str(row.pk)): Named(desk, row)
        for kind, desk in _by_model().items()
        if kind in wanted
        for row in queries.subjects_of(desk.model, wanted[kind])
    }


def _by_model() -> dict[str, Desk]:
    found: dict[str, Desk] = {}
    for desk in DESKS:
        found.setdefault(desk.model._meta.label_lower, desk)
    return found
