"""Telling: written in the transaction of what happened, so that a notice exists if and only if that does."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from yanzhen.foundation.bulk import copy_in, reserve_ids
from yanzhen.foundation.calendar import CalendarMissing, load_calendar
from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.models import Account, Grant
from yanzhen.foundation.outbox.declare import VALUES, Notice
from yanzhen.foundation.outbox.models import Message
from yanzhen.foundation.records.write import COPY_FROM, masked
from yanzhen.foundation.scope import DEPTHS, Scoped, prefix_of

UNREAD_CAP = 99


@dataclass(frozen=True, slots=True)
class Telling:
    """What happened to `subject`, and which accounts to tell of it; `values` are of declare.VALUES."""

    subject: models.Model
    to: Iterable[Account | int] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


def notify(
    notice: Notice,
    *,
    subject: models.Model,
    to: Iterable[Account | int] = (),
    values: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> uuid.UUID:
    """Tell the accounts `to`, and where the kind is outward the endpoints that ask for it; return the event's id.

    One INSERT, whatever the number of receivers. `values` fill the kind's sentence; a subject with a number gives
    number, region, state and due_at itself. Call it inside the transaction of the change.
    """
    return notify_many(notice, [Telling(subject, to, values or {})], at=at)[0]


def notify_many(
    notice: Notice, tellings: Sequence[Telling], *, at: datetime | None = None
) -> list[uuid.UUID]:
    """Do what `notify` does for a list, in one INSERT still, or by COPY where it is long; return the events' ids in order."""
    at = at or timezone.now()
    shown_at = duty_time(at, urgent=notice.urgent)
    rows: list[Message] = []
    events = []
    for telling in tellings:
        common = _common(notice, telling, at)
        events.append(common["event"])
        pks = dict.fromkeys(a if isinstance(a, int) else a.pk for a in telling.to)
        rows += [Message(account_id=pk, shown_at=shown_at, spread=True, **common) for pk in pks]
        if notice.outward and common["region_id"]:
            rows.append(Message(shown_at=at, **common))
    if len(rows) < COPY_FROM:
        Message.objects.bulk_create(rows)
        return events
    for row, pk in zip(rows, reserve_ids(Message, len(rows)), strict=True):
        row.pk = pk
    with transaction.atomic():
        copy_in(Message, rows)
    return events


def duty_time(at: datetime, *, urgent: bool) -> datetime:
    """Return when to show what happened at `at`. A calendar without the year never stops a change: shown at once."""
    try:
        return load_calendar().duty_time(at, urgent=urgent)
    except CalendarMissing:
        return at


def holders(right: str, *, region: str, line: str | None = None) -> list[int]:
    """Return the ids of active accounts that hold `right` over the whole of `region`, by id.

    `line` None asks for no particular line. One statement.
    """
    prefix, today = prefix_of(region), timezone.localdate()
    above = [prefix[:n].ljust(6, "0") for n in DEPTHS if n <= len(prefix)]
    grants = Grant.objects.filter(
        models.Q(ends_on=None) | models.Q(ends_on__gt=today),
        starts_on__lte=today,
        role__rights__contains=[right],
        region_id__in=above,
        account__is_active=True,
    )
    if line:
        grants = grants.filter(models.Q(line=None) | models.Q(line=line))
    return sorted(set(grants.values_list("account_id", flat=True)))


def notices_of(account: Account, *, unread: bool = False) -> QuerySet[Message]:
    """What the account was told and may see by now, newest first."""
    rows = Message.objects.filter(account=account, shown_at__lte=timezone.now())
    return (rows.filter(read_at=None) if unread else rows).order_by("-pk")


def unread_count(account: Account) -> int:
    """Return how many are unread, UNREAD_CAP + 1 where there are more: one look into a partial index."""
    return notices_of(account, unread=True).order_by()[: UNREAD_CAP + 1].count()


def mark_read(account: Account, pk: int | None = None) -> int:
    """Mark one notice of the account read, or all that it can see; return how many were unread."""
    rows = notices_of(account, unread=True)
    return (rows.filter(pk=pk) if pk else rows).update(read_at=timezone.now())


def compose(notice: Notice, telling: Telling, *, at: datetime, shown_at: datetime) -> Message:
    """Return the unsaved message of an event, to no account."""
    return Message(shown_at=shown_at, **_common(notice, telling, at))


def _common(notice: Notice, telling: Telling, at: datetime) -> dict[str, Any]:
    """Return what the rows of one event share; raises DeclarationError for a value that no notice may hold."""
    subject = telling.subject
    said = {"at": at, **_own(subject), **telling.values}
    if wrong := sorted(said.keys() - VALUES):
        raise DeclarationError(f"a notice may not say {wrong}")
    scoped = subject if isinstance(subject, Scoped) else None
    return {
        "event": uuid.uuid4(),
        "kind": notice.code,
        "subject_type": subject._meta.label_lower,
        "subject_id": str(subject.pk),
        "number": str(said.get("number", "")),
        "region_id": scoped.region_id if scoped else "",
        "line_id": scoped.line_id if scoped else "",
        "text": masked(notice.template.format(**{name: _spoken(said.get(name)) for name in notice.names})),
        "payload": {name: _plain(value) for name, value in said.items()},
        "at": at,
    }


def _own(subject: models.Model) -> dict[str, Any]:
    """Return what a subject of a procedure says of itself: its number, place, state and term."""
    if not hasattr(subject, "number"):
        return {}
    names = {"number": "number", "region": "region_id", "state": "state", "due_at": "due_at"}
    return {name: getattr(subject, source, None) for name, source in names.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


def _spoken(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return "—" if value is None else str(value)
