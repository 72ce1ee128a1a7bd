"""The ladder: who is told, level by level, of a subject whose term ran out or that can not wait. It decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from yanzhen.engines.procedures import clocks as timing
from yanzhen.engines.procedures.declare import PROCEDURES, Ladder, Procedure, Rung
from yanzhen.engines.procedures.models import Clock, Escalation, Subject, subject_model
from yanzhen.engines.procedures.notices import AT_ONCE, ESCALATED
from yanzhen.foundation.bulk import copy_in, reserve_ids
from yanzhen.foundation.calendar import load_calendar
from yanzhen.foundation.models import Account
from yanzhen.foundation.outbox.messages import Telling, notify_many
from yanzhen.foundation.records import record_many
from yanzhen.foundation.scope import DEPTHS, prefix_of

S = TypeVar("S", bound=Subject)
BATCH = 1000
TO_TELL = """
select c.id from procedures_clock c join {table} s on s.id = c.subject_id
where c.stopped_at is null and c.rung_at <= %(now)s and c.procedure = %(procedure)s
    and (%(open)s or s.{field} = any(%(urgent)s))
order by c.rung_at limit %(batch)s for update of s skip locked
"""
CLIMBED = """
update procedures_clock c set rung = t.rung, rung_at = t.rung_at
from unnest(%s::bigint[], %s::int[], %s::timestamptz[]) as t (id, rung, rung_at)
where c.id = t.id
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A level and the accounts that hear there."""

    region: str
    accounts: tuple[int, ...]


class Listeners:
    """Who holds the ladder's right at which level; each level of each line is asked for once."""

    def __init__(self, ladder: Ladder) -> None:
        self._ladder = ladder
        self._known: dict[tuple[str, str], list[Account]] = {}

    def of(self, rung: Rung, subject: Subject) -> Told:
        """Return who is told of the subject: the rung's level, or the next above that has anybody whom it is not kept from."""
        whole = prefix_of(subject.region_id)
        depths = [d for d in sorted(DEPTHS, reverse=True) if d <= min(rung.depth, len(whole))]
        for depth in depths:
            holders = self._at(whole[:depth], subject.line_id)
            if found := tuple(a.pk for a in holders if not subject.is_kept_from(a)):
                return Told(whole[:depth].ljust(6, "0"), found)
        return Told(whole[: depths[-1]].ljust(6, "0"), ())

    def _at(self, prefix: str, line: str) -> list[Account]:
        key = (prefix, line)
        if key not in self._known:
            today = timezone.localdate()
            holders = Account.objects.filter(
                Q(grants__ends_on=None) | Q(grants__ends_on__gt=today),
                Q(grants__line=None) | Q(grants__line_id=line),
                is_active=True,
                grants__starts_on__lte=today,
                grants__role__rights__contains=[self._ladder.right],
                grants__region_id=prefix.ljust(6, "0"),
            )
            self._known[key] = list(holders.select_related("organisation").order_by("pk").distinct())
        return self._known[key]


def climb(now: datetime) -> int:
    """Tell the next rung of every term that is due for it by `now`; return how many were told.

    Outside duty hours only of urgent subjects; the others wait for the next opening. Safe to run twice at once: a
    subject is locked first, what another sweep holds is left to it, and a rung of a clock is told once by constraint.
    """
    return sum(_climb(procedure, now) for procedure in _current() if procedure.ladder)


def tell_at_once(subjects: Mapping[S, str], rung: str) -> None:
    """Tell the level of `rung` of subjects that can not wait for a term to run out, each with its reason.

    All of one kind; one that was told of before is passed over. Statements do not grow with their number.
    """
    if not subjects:
        return
    first = next(iter(subjects))
    ladder = first.procedure.ladder
    if ladder is None:
        raise ValueError(f"{first.procedure_code} has no ladder")
    step = next(r for r in ladder.rungs if r.code == rung)
    before = Escalation.objects.filter(procedure=first.procedure_code, rung=rung, clock=None)
    known = set(before.filter(subject_id__in=[s.pk for s in subjects]).values_list("subject_id", flat=True))
    listeners, now = Listeners(ladder), timezone.now()
    fresh = [
        _escalation(s, step, listeners.of(step, s), reason=reason, at=now)
        for s, reason in subjects.items()
        if s.pk not in known
    ]
    _keep(fresh, {s.pk: s for s in subjects})


def escalations(subject: Subject) -> QuerySet[Escalation]:
    """What levels were told of the subject, the newest last."""
    rows = Escalation.objects.filter(procedure=subject.procedure_code, subject_id=subject.pk)
    return rows.select_related("region").order_by("at", "pk")


def escalated(rows: QuerySet[Any], rung: str) -> QuerySet[Any]:
    """Keep the subjects of which the level `rung` was told."""
    about = Escalation.objects.filter(procedure=rows.model.procedure_code, rung=rung)
    return rows.filter(pk__in=about.values("subject_id"))


def _current() -> list[Procedure]:
    return [PROCEDURES.current(code) for code in sorted({p.code for p in PROCEDURES})]


def _climb(procedure: Procedure, now: datetime) -> int:
    ladder = procedure.ladder
    assert ladder is not None  # noqa: S101  # the caller looked
    model = subject_model(procedure.code)
    quote = connection.ops.quote_name
    statement = TO_TELL.format(table=quote(model._meta.db_table), field=quote(ladder.field))
    values: dict[str, Any] = {
        "now": now,
        "procedure": procedure.code,
        "open": load_calendar().is_open(now),
        "urgent": list(ladder.urgent),
        "batch": BATCH,
    }
    listeners = Listeners(ladder)
    total = 0
    while True:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                ids = [pk for (pk,) in cursor.fetchall()]
            total += _tell(model, ladder, listeners, ids, now)
        if not ids:
            return total


def _tell(
    model: type[Subject], ladder: Ladder, listeners: Listeners, ids: Sequence[int], now: datetime
) -> int:
    """Write what is told of the clocks `ids`, whose subjects are locked; statements do not grow with their number.

    Returns of how many: another sweep may have told of one, or somebody stopped it, between the look and the lock.
    """
    due = Clock.objects.filter(pk__in=ids, stopped_at=None, rung_at__lte=now)
    clocks = list(due.select_related("parameter"))
    if not clocks:
        return 0
    rows = model._default_manager.in_bulk([clock.subject_id for clock in clocks])
    made: list[Escalation] = []
    for clock in clocks:
        row, rung = rows[clock.subject_id], ladder.rungs[clock.rung]
        told = listeners.of(rung, row)
        reason = f"{clock.label}已于 {timezone.localtime(clock.due_at):%Y-%m-%d %H:%M} 届满"
        made.append(_escalation(row, rung, told, reason=reason, at=now, clock=clock))
        clock.rung += 1
        clock.rung_at = timing.rung_at(clock, ladder, region=row.region_id)
    with connection.cursor() as cursor:
        columns = zip(*((c.pk, c.rung, c.rung_at) for c in clocks), strict=True)
        cursor.execute(CLIMBED, [list(column) for column in columns])
    _keep(made, rows)
    return len(clocks)


def _escalation(
    subject: Subject, rung: Rung, told: Told, *, reason: str, at: datetime, clock: Clock | None = None
) -> Escalation:
    return Escalation(
        procedure=subject.procedure_code,
        subject_id=subject.pk,
        clock=clock,
        rung=rung.code,
        label=rung.label,
        reason=reason,
        region_id=told.region,
        told=list(told.accounts),
        at=at,
    )


def _keep(made: Sequence[Escalation], rows: Mapping[int, Subject]) -> None:
    """Save what was told, with its records."""
    for escalation, pk in zip(made, reserve_ids(Escalation, len(made)), strict=True):
        escalation.pk = pk
    copy_in(Escalation, made)
    histories = [
        (
            rows[e.subject_id],
            None,
            {"clock": e.clock_id, "rung": e.rung, "region": e.region_id, "told": e.told, "why": e.reason},
        )
        for e in made
    ]
    if histories:
        record_many("escalate", histories, actor=None)
    for notice, at_once in ((ESCALATED, False), (AT_ONCE, True)):
        told = [Telling(rows[e.subject_id], e.told) for e in made if (e.clock_id is None) == at_once]
        if told:
            notify_many(notice, told)
