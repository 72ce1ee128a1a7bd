"""How to make a row of each walled table of the hotline's parts and the outbox, at a given place."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import Model
from django.utils import timezone

from tests import results
from tests.factories import AccountFactory, CaseFactory
from tests.walled_craftsmen import CRAFTSMEN
from yanzhen.domains.hotline.closing.models import Attempt, Draw, Sampled, Survey, Unreasonable
from yanzhen.domains.hotline.hotspots.models import Alert
from yanzhen.engines.classifier.models import Suggestion
from yanzhen.engines.honours.models import Credential, DutyReport, Honour
from yanzhen.engines.programmes.models import Application
from yanzhen.engines.programmes.notices.models import Objection, Posting
from yanzhen.engines.programmes.visits.models import Visit
from yanzhen.foundation.models import Person
from yanzhen.foundation.outbox.models import Endpoint


def _attempt(**place: Any) -> Attempt:
    now = timezone.now()
    case = CaseFactory(**place)
    return Attempt.objects.create(
        case=case, round_at=now, at=now, by=AccountFactory(), outcome="busy", slot="morning", **place
    )


def _survey(**place: Any) -> Survey:
    now = timezone.now()
    return Survey.objects.create(
        case=CaseFactory(**place), round_at=now, at=now, channel="web", solved=True, satisfaction="satisfied",
        service="satisfied", **place,
    )  # fmt: skip


def _draw(**place: Any) -> Draw:
    return Draw.objects.create(
        day=date(2026, 3, 4), percent=5, population=[20], seed="0" * 64, drawn_at=timezone.now(), **place
    )


def _sampled(**place: Any) -> Sampled:
    return Sampled.objects.create(
        draw=_draw(**place), case=CaseFactory(**place), due_at=timezone.now(), **place
    )


def _unreasonable(**place: Any) -> Unreasonable:
    return Unreasonable.objects.create(
        number=f"BH-{place['region'].pk}", state="proposed", procedure_version=1, started_at=timezone.now(),
        case=CaseFactory(**place), ground="repeated", reason="同一事项已依法答复", **place,
    )  # fmt: skip


def _alert(**place: Any) -> Alert:
    now = timezone.now()
    return Alert.objects.create(
        kind="surge", dimension="county", value=place["region"].pk, label="某区", opened_at=now, seen_at=now,
        count=9, mean=1.5, bound=5, chance=0.001, **place,
    )  # fmt: skip


def _suggestion(**place: Any) -> Suggestion:
    ranked = [{"code": "010101", "confidence": None, "words": ["工资"]}]
    return Suggestion.objects.create(
        kind="hotline.case",
        subject_id=int(place["region"].pk),
        ranked=ranked,
        given_at=timezone.now(),
        **place,
    )


def _honour(**place: Any) -> Honour:
    return Honour.objects.create(
        number=f"QLGJ-{place['region'].pk}{place['line'].pk}"[:32], state="standing", procedure_version=1, started_at=timezone.now(),
        person=Person.objects.create(name="张建国", **place), title="craftsman", holder_mask="张**", year=2026,
        awarded_on=date(2026, 3, 4), serial=Honour.objects.count() + 1, cause="不该外传的要求", **place,
    )  # fmt: skip


def _report(**place: Any) -> DutyReport:
    return DutyReport.objects.create(
        honour=_honour(**place), year=2026, mentees=1, teaching_hours=1, results="不该外传的要求", text="不该外传的要求",
        submitted_by=AccountFactory(), submitted_at=timezone.now(), **place,
    )  # fmt: skip


def _credential(**place: Any) -> Credential:
    honour = _honour(**place)
    return Credential.objects.create(
        honour=honour, number=honour.number, token="x", status_index=honour.pk, issued_at=timezone.now(), **place
    )  # fmt: skip


def _endpoint(**place: Any) -> Endpoint:
    return Endpoint.objects.create(
        name="接收端",
        url="https://example.com/hook",
        kinds=["procedure.moved"],
        secret_cipher=os.urandom(8),
        **place,
    )


def _visit(**place: Any) -> Visit:
    return Visit.objects.create(
        application=results.application(**place), stage="inspect", on=date(2026, 3, 4), note="不该外传的要求",
        planned_by=AccountFactory(), planned_at=timezone.now(), **place,
    )  # fmt: skip


PARTS: dict[type[Model], Callable[..., Model]] = {
    Attempt: _attempt,
    Survey: _survey,
    Draw: _draw,
    Sampled: _sampled,
    Unreasonable: _unreasonable,
    Alert: _alert,
    Suggestion: _suggestion,
    Endpoint: _endpoint,
    Honour: _honour,
    DutyReport: _report,
    Credential: _credential,
    Application: results.application,
    Objection: results.objection,
    Posting: results.posting,
    Visit: _visit,
    **CRAFTSMEN,
}
NEVER_CHANGED = (Attempt, Survey)
"""Rows that nobody changes or removes, seen or not."""
