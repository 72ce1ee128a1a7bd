"""Fields of a form that choose a row: who and which organisation may be charged with a subject."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.db.models import QuerySet

from yanzhen.engines.procedures.declare import UnitCheck
from yanzhen.engines.procedures.models import Subject
from yanzhen.faces import staff
from yanzhen.faces.console.choices import Choice, Group, regions
from yanzhen.faces.places import regions_in_force
from yanzhen.foundation.models import Account, Organisation

EMPTY: Choice = ("", "请选择")


def row_field(rows: QuerySet[Any], offered: Iterable[Choice | Group]) -> forms.ModelChoiceField[Any]:
    """Choose one of `rows` from `offered`, which names them by primary key, in groups."""
    field: forms.ModelChoiceField[Any] = forms.ModelChoiceField(rows)
    field.choices = [EMPTY, *offered]
    return field


def organisation_field(
    account: Account, row: Subject | None, checks: Sequence[UnitCheck] = ()
) -> forms.ModelChoiceField[Any]:
    """Bodies around the subject against which no check has a reason, grouped by region.

    For a whole list those within the account's own reach; there the move itself checks.
    """
    bodies = _bodies(account, row)
    if row and checks:
        barred = [body.pk for body in bodies if any(check(row, body) for check in checks)]
        bodies = bodies.exclude(pk__in=barred)
    return bodies_field(bodies)


def referral_field(account: Account, row: Subject) -> forms.ModelChoiceField[Any]:
    """Bodies around the subject that may be asked in."""
    referral = row.procedure.referral
    return organisation_field(account, row, referral.checks if referral else ())


def bodies_field(bodies: QuerySet[Organisation]) -> forms.ModelChoiceField[Any]:
    groups = groupby(bodies, key=lambda body: body.region)
    return row_field(
        bodies, [(str(region), [(str(b.pk), b.name) for b in found]) for region, found in groups]
    )


def handler_field(account: Account, row: Subject | None) -> forms.ModelChoiceField[Any]:
    """People of the organisation in charge; before there is one, those of all bodies that may be charged."""
    charged = row.organisation_id if row else None
    bodies = [charged] if charged else _bodies(account, row).values_list("pk", flat=True)
    return people_field(staff.members(bodies, right="case.handle"))


def region_field(_account: Account, _row: Subject | None) -> forms.ModelChoiceField[Any]:
    return row_field(regions_in_force(), regions())


def colleague_field(account: Account, row: Subject | None) -> forms.ModelChoiceField[Any]:
    """People of all bodies around the subject."""
    return people_field(staff.members(_bodies(account, row).values_list("pk", flat=True)))


def people_field(people: QuerySet[Account]) -> forms.ModelChoiceField[Any]:
    groups = groupby(people, key=lambda person: person.organisation)
    return row_field(people, [(str(body), [(str(p.pk), str(p)) for p in found]) for body, found in groups])


def _bodies(account: Account, row: Subject | None) -> QuerySet[Organisation]:
    return staff.around(row.region_id) if row else staff.within(reach for _, reach, _ in account.cells())
