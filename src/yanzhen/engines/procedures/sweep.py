"""The sweep: marks each clock once when its warning comes and once when it runs out. It decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from yanzhen.engines.procedures.declare import PROCEDURES
from yanzhen.engines.procedures.holders import Holders
from yanzhen.engines.procedures.models import Clock, Party, Subject, subject_model
from yanzhen.engines.procedures.notices import OVERDUE, WARNED
from yanzhen.engines.procedures.stays import rewind
from yanzhen.foundation.outbox.declare import Notice
from yanzhen.foundation.outbox.messages import Telling, notify_many

BATCH = 1000
MARK = """
with due as (
    select c.id from procedures_clock c join {table} s on s.id = c.subject_id
    where c.stopped_at is null and c.{mark} is null and c.{at} <= %(now)s and c.procedure = %(procedure)s
    order by c.{at} limit %(batch)s for update of s skip locked
), marked as (
    update procedures_clock c set {mark} = %(now)s from due where c.id = due.id and c.{mark} is null
    returning c.id, c.subject_id, c.party_id, c.label, c.due_at
), told as (
    insert into foundation_record (verb, subject_type, subject_id, region_id, line_id, after, reason)
    select %(verb)s, %(type)s, m.subject_id::text, s.region_id, s.line_id,
           jsonb_build_object('clock', m.id, 'party', m.party_id, 'label', m.label, 'due_at', m.due_at), ''
    from marked m join {table} s on s.id = m.subject_id
){late}
select subject_id, party_id, due_at from marked
"""
LATE = """, late as (
    update {table} s set late = true from marked m where s.id = m.subject_id and m.party_id is null and not s.late
)"""


class Marked(NamedTuple):
    """A clock that was marked: whose it is, and when it ends or ended."""

    subject: int
    party: int | None
    due_at: datetime


def mark_due(now: datetime) -> tuple[int, int]:
    """Mark what is to be warned of and what ran out by `now`; return how many of each.

    Safe to run twice at once: a subject is locked first and then its clocks, as every other path does; what somebody
    else holds is left for the next sweep, and a mark is made where there is none.
    """
    codes = sorted({p.code for p in PROCEDURES})
    return sum(_mark(c, "warned", "warn_at", now) for c in codes), sum(
        _mark(c, "overdue", "due_at", now) for c in codes
    )


def _mark(procedure: str, mark: str, at: str, now: datetime) -> int:
    model = subject_model(procedure)
    table = connection.ops.quote_name(model._meta.db_table)
    statement = MARK.format(
        mark=f"{mark}_at", at=at, table=table, late=LATE.format(table=table) if mark == "overdue" else ""
    )
    values: dict[str, datetime | str | int] = {
        "now": now,
        "procedure": procedure,
        "batch": BATCH,
        "verb": f"clock.{mark}",
        "type": model._meta.label_lower,
    }
    total = 0
    while True:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                marked = [Marked(*row) for row in cursor.fetchall()]
            _tell(model, WARNED if mark == "warned" else OVERDUE, marked)
        count = len(marked)
        total += count
        if count < BATCH:
            return total


def _tell(model: type[Subject], notice: Notice, marked: Sequence[Marked]) -> None:
    """Tell those for whom the clocks run: statements grow with the places that are looked up, not with the clocks."""
    rows = model._default_manager.select_related("organisation").in_bulk([m.subject for m in marked])
    parties = Party.objects.in_bulk([m.party for m in marked if m.party])
    holders = Holders()
    notify_many(
        notice,
        [
            Telling(
                rows[m.subject],
                _asked(parties[m.party], rows[m.subject], holders)
                if m.party
                else _awaited(rows[m.subject], holders),
                {"due_at": m.due_at},
            )
            for m in marked
        ],
    )


def _awaited(row: Subject, holders: Holders) -> list[int]:
    """Return who is expected to act on the subject: its handler where the state is the handler's own, else those of
    its unit, or nearest to it, who hold the right that the state awaits."""
    stage = row.stage
    unit = row.organisation
    if stage.personal and row.handler_id:
        return [row.handler_id]
    if not stage.personal or unit is None:
        return (
            holders.nearest(stage.awaits, row, region=row.region_id, line=row.line_id) if stage.awaits else []
        )
    return holders.of_unit(unit.pk, stage.awaits, row, region=unit.region_id, line=unit.line_id)


def _asked(party: Party, row: Subject, holders: Holders) -> list[int]:
    """Return who answers for an organisation that was asked in."""
    referral = row.procedure.referral
    if referral is None:
        return []
    place = {"region": party.region_id, "line": party.line_id}
    return holders.of_unit(party.organisation_id, referral.respond_right, row, **place)


def rewind_year(year: int) -> int:
    """Derive anew the running clocks that a year's holidays may move; return how many were looked at.

    Those are the provisional ones and those that end in or after that year: what was provisional becomes firm.
    """
    begin = timezone.make_aware(datetime(year, 1, 1))  # noqa: DTZ001  # made aware at once
    clocks = Clock.objects.filter(Q(provisional=True) | Q(due_at__gte=begin), stopped_at=None)
    ids = list(clocks.order_by("procedure", "subject_id").values_list("pk", "procedure", "subject_id"))
    for pk, procedure, subject_id in ids:
        with transaction.atomic():
            row = subject_model(procedure)._default_manager.select_for_update(of=("self",)).get(pk=subject_id)
            clock = (
                Clock.objects.select_related("parameter", "party").select_for_update(of=("self",)).get(pk=pk)
            )
            if clock.stopped_at is None:
                rewind(row, clock)
    return len(ids)
