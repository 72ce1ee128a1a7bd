"""How to make a row of each walled table of the craftsmen, at a given place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import Model
from django.utils import timezone

from tests.factories import AccountFactory, OrganisationFactory
from yanzhen.domains.craftsmen.models import (
    Grant,
    Instalment,
    Mentorship,
    Milestone,
    Sanction,
    Seeking,
    Studio,
)
from yanzhen.foundation.models import Person


def _person(**place: Any) -> Person:
    return Person.objects.create(name="张建国", **place)


def _started(**place: Any) -> dict[str, Any]:
    number = (
        f"W-{place['region'].pk}{place['line'].pk}-{Mentorship.objects.count()}{Instalment.objects.count()}"
    )
    return {"number": number[:32], "procedure_version": 1, "started_at": timezone.now(), **place}


def _mentorship(**place: Any) -> Mentorship:
    return Mentorship.objects.create(
        state="active", mentor=_person(**place), apprentice=_person(**place), mentor_mask="张**", apprentice_mask="张**",
        trade="焊工", starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 1), goals="不该外传的要求", **_started(**place),
    )  # fmt: skip


def _milestone(**place: Any) -> Milestone:
    return Milestone.objects.create(
        mentorship=_mentorship(**place), order=1, text="不该外传的要求", due_on=date(2026, 6, 1), **place
    )


def _seeking(**place: Any) -> Seeking:
    return Seeking.objects.create(
        person=_person(**place), organisation=OrganisationFactory(**place), mask="张**", trade="不该外传的要求",
        entered_by=AccountFactory(), entered_at=timezone.now(), **place,
    )  # fmt: skip


def _studio(**place: Any) -> Studio:
    return Studio.objects.create(
        name="不该外传的单位", lead=_person(**place), lead_mask="张**", organisation=OrganisationFactory(**place),
        founded_on=date(2024, 1, 1), **place,
    )  # fmt: skip


def _grant(**place: Any) -> Grant:
    return Grant.objects.create(
        studio=_studio(**place), title="qilu_craftsman", total_yuan=100, document="1", made_by=AccountFactory(),
        made_at=timezone.now(), **place,
    )  # fmt: skip


def _instalment(**place: Any) -> Instalment:
    return Instalment.objects.create(
        state="waiting", grant=_grant(**place), studio_name="不该外传的单位", order=1, amount_yuan=100, condition="不该外传的要求",
        **_started(**place),
    )  # fmt: skip


def _sanction(**place: Any) -> Sanction:
    return Sanction.objects.create(
        person=_person(**place), mask="张**", kind="party", starts_on=date(2026, 1, 1), source="不该外传的要求",
        entered_by=AccountFactory(), entered_at=timezone.now(), **place,
    )  # fmt: skip


CRAFTSMEN: dict[type[Model], Callable[..., Model]] = {
    Mentorship: _mentorship,
    Milestone: _milestone,
    Seeking: _seeking,
    Studio: _studio,
    Grant: _grant,
    Instalment: _instalment,
    Sanction: _sanction,
}
