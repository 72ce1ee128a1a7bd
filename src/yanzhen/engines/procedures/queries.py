"""What every kind of subject is asked for: the four inboxes, and all that hangs on one subject."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import BigIntegerField, CharField, Q, QuerySet, Value
from django.db.models.functions import Cast

from yanzhen.engines.procedures.declare import PROCEDURES, Procedure
from yanzhen.engines.procedures.models import Clock, Copy, Party, Stay, Subject
from yanzhen.foundation.models import Account, Record
from yanzhen.foundation.scope import EVERYTHING, Reach, database_scope

S = TypeVar("S", bound=Subject)


def seen_by(model: type[S], account: Account) -> QuerySet[S]:
    """All subjects of the kind that the account may look at."""
    view = PROCEDURES.current(model.procedure_code).view_right
    rows: QuerySet[S] = model._default_manager.visible_to(account, view)
    return rows.select_related("region", "line", "organisation", "handler")


def to_do(model: type[S], account: Account) -> QuerySet[S]:
    """Those the account is expected to act on: its own, those that wait for anybody with its rights, and those with a
    request for more time that it may decide."""
    procedure = PROCEDURES.current(model.procedure_code)
    waiting = _to_decide(procedure, account) | model.also_awaits(account)
    # what is awaited in the same places is one condition: it costs by their number to write, to plan and to test
    states: dict[tuple[frozenset[Reach], bool], list[str]] = {}
    for state in procedure.states:
        reaches = frozenset(account.reaches(state.awaits))
        if reaches and not state.of_owner:
            states.setdefault((reaches, state.personal), []).append(state.code)
    for (reaches, personal), codes in states.items():
        here = Q(state__in=codes) & (lies_in(reaches) | lies_in(reaches, "organisation__"))
        if personal:
            here &= Q(handler=None) | Q(handler=account)
        waiting |= here
    rows = seen_by(model, account)
    return rows.filter(waiting, ended_at=None) if waiting else rows.none()


def _to_decide(procedure: Procedure, account: Account) -> Q:
    """Subjects with an open request of somebody else over which the account holds the right to approve; empty where it has none."""
    allowances = [a for term in procedure.terms() for a in (term.pause, term.extension) if a]
    reaches = {reach for a in allowances for reach in account.reaches(a.approve_right)}
    if not reaches:
        return Q()
    asked = Stay.objects.filter(procedure=procedure.code, decision=Stay.Decision.OPEN).exclude(
        asked_by=account
    )
    here = lies_in(reaches) | lies_in(reaches, "organisation__")
    return Q(pk__in=asked.values("subject_id")) & here


def lies_in(reaches: Iterable[Reach], path: str = "") -> Q:
    """Rows whose own place, or that of the row at `path`, lies in one of `reaches`."""
    found = Q()
    for reach in sorted(reaches, key=lambda reach: reach.key):
        cell = {f"{path}region__code__startswith": reach.prefix} | (
            {f"{path}line_id": reach.line} if reach.line else {}
        )
        found |= Q(**cell)
    return found or Q(pk=None)


def done_by(model: type[S], account: Account) -> QuerySet[S]:
    """Those that the account moved, decided on or did a part of, whatever became of them since."""
    own = Q(verb__startswith="move.") | Q(verb__startswith="stay.")
    moved = Record.objects.filter(own, actor_id=account.pk, subject_type=model._meta.label_lower).values(
        subject=Cast("subject_id", BigIntegerField())
    )
    parts = Party.objects.filter(procedure=model.procedure_code, answered_by=account).values("subject_id")
    # one list of ids and no OR of two, for which the planner reads every subject there is
    return seen_by(model, account).filter(pk__in=moved.union(parts))


def started_by(model: type[S], account: Account) -> QuerySet[S]:
    return seen_by(model, account).filter(started_by=account)


def copied_to(model: type[S], account: Account) -> QuerySet[S]:
    copies = Copy.objects.filter(account=account, procedure=model.procedure_code).values("subject_id")
    return seen_by(model, account).filter(pk__in=copies)


@dataclass(frozen=True, slots=True)
class Inbox:
    code: str
    label: str
    query: Any


INBOXES = (
    Inbox("to-do", "待我办理", to_do),
    Inbox("done", "我已办理", done_by),
    Inbox("started", "我登记的", started_by),
    Inbox("copied", "抄送我的", copied_to),
)


def clocks(subject: Subject) -> QuerySet[Clock]:
    """The subject's clocks and its parties', those that run first."""
    rows = Clock.objects.filter(procedure=subject.procedure_code, subject_id=subject.pk)
    return rows.select_related("parameter", "party__organisation").order_by("-stopped_at", "due_at")


def parties(subject: Subject) -> list[Party]:
    """All work orders of a subject that was read in reach: who sees it sees what came of every part of it."""
    rows = Party.objects.filter(procedure=subject.procedure_code, subject_id=subject.pk)
    with database_scope({EVERYTHING}):
        return list(
            rows.select_related("organisation", "asked_by", "answered_by")
            .prefetch_related("clocks")
            .order_by("pk")
        )


def stays(subject: Subject) -> QuerySet[Stay]:
    rows = Stay.objects.filter(procedure=subject.procedure_code, subject_id=subject.pk)
    return rows.select_related("clock__parameter", "asked_by", "decided_by").order_by("pk")


def work_orders(account: Account, right: str) -> QuerySet[Party]:
    """The parts that organisations in the account's reach were asked to take and have not finished."""
    return (
        Party.objects.visible_to(account, right)
        .filter(state__in=(Party.State.OFFERED, Party.State.ACCEPTED))
        .select_related("organisation")
        .prefetch_related("clocks")
        .order_by("due_at", "pk")
    )


def subject_numbered(number: str, kinds: Iterable[type[Subject]]) -> Subject | None:
    """Return the subject of that number among `kinds`, wherever it lies: two statements. Read it with everything in reach."""
    models = {kind._meta.label_lower: kind for kind in kinds}
    found = [
        kind._default_manager.filter(number=number)
        .order_by()
        .values_list("pk", Value(label, output_field=CharField()))
        for label, kind in models.items()
    ]
    first = found[0].union(*found[1:], all=True).first() if found else None
    return models[first[1]]._default_manager.get(pk=first[0]) if first else None


def subjects_of(kind: type[S], ids: Iterable[str]) -> QuerySet[S]:
    """Return the subjects of those ids, wherever they lie. As `subject_numbered`."""
    return kind._default_manager.filter(pk__in=ids)
