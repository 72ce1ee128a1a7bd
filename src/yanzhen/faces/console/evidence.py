"""Which records speak of a subject: its own, those of its work orders and papers, and the lists that showed it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import CharField, F, Q, Value

from yanzhen.engines.procedures import queries
from yanzhen.engines.procedures.models import Subject
from yanzhen.faces.console.desk import DESKS, Desk
from yanzhen.foundation import attachments
from yanzhen.foundation.models import Account, Record
from yanzhen.foundation.records.read import RIGHT

MOST_LISTS = 2000
"""Lists that showed one subject; the newest of them are looked through."""


@dataclass(frozen=True, slots=True)
class Named:
    """A subject by the desk it lies on."""

    desk: Desk
    row: Subject


def subject_numbered(number: str) -> Named | None:
    """Return the subject of that number, wherever it lies: two statements. Read it with everything in reach."""
    desks = _by_model()
    found = [
        desk.model._default_manager.filter(number=number)
        .order_by()
        .values_list("pk", Value(kind, output_field=CharField()))
        for kind, desk in desks.items()
    ]
    first = found[0].union(*found[1:], all=True).first() if found else None
    if first is None:
        return None
    desk = desks[first[1]]
    return Named(desk, desk.model._default_manager.get(pk=first[0]))


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
    lists = _lists_that_showed(named) if account.has_right(RIGHT, row) else []
    return own | Q(pk__in=lists), lists


def numbers(records: Iterable[Record]) -> dict[tuple[str, str], Named]:
    """Return the subjects that the records speak of, by type and id: a statement for each kind. As `subject_numbered`."""
    wanted: dict[str, set[str]] = {}
    for record in records:
        wanted.setdefault(record.subject_type, set()).add(record.subject_id)
    return {
        (kind, str(row.pk)): Named(desk, row)
        for kind, desk in _by_model().items()
        if kind in wanted
        for row in desk.model._default_manager.filter(pk__in=wanted[kind])
    }


def _lists_that_showed(named: Named) -> list[int]:
    """Return the ids of the records that `pages.look_at_list` wrote with the subject among them; the index has them."""
    shown = Record.objects.filter(
        verb="read", subject_type="foundation.account", after__ids__contains=[named.row.pk]
    )
    of_desk = shown.alias(desk=F("after__desk")).filter(desk=named.desk.name)
    return list(of_desk.order_by("-pk").values_list("pk", flat=True)[:MOST_LISTS])


def _by_model() -> dict[str, Desk]:
    found: dict[str, Desk] = {}
    for desk in DESKS:
        found.setdefault(desk.model._meta.label_lower, desk)
    return found
