"""The engine: one locked, recorded path on which every subject moves, alone or in a list.

Nothing else writes `state`. A move costs the same statements for one subject and for five hundred.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, prefetch_related_objects
from django.utils import timezone

from yanzhen.engines.procedures import clocks as timing
from yanzhen.engines.procedures import stays
from yanzhen.engines.procedures.changes import cleaned, spoken
from yanzhen.engines.procedures.declare import Transition
from yanzhen.engines.procedures.ladder import tell_at_once
from yanzhen.engines.procedures.models import Clock, Subject
from yanzhen.engines.procedures.notices import MOVED
from yanzhen.engines.procedures.refusals import MovedMeanwhile, MoveNotAllowed, MoveRefused, NoSuchMove
from yanzhen.foundation import parameters
from yanzhen.foundation.bulk import copy_in, reserve_ids
from yanzhen.foundation.calendar import end_of, load_calendar
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account
from yanzhen.foundation.outbox.messages import Telling, notify_many
from yanzhen.foundation.records import record_many
from yanzhen.foundation.rights import RIGHTS
from yanzhen.foundation.scope import EVERYTHING, audience_of, database_scope

S = TypeVar("S", bound=Subject)
DERIVED = ("due_at", "warn_at", "late", "shared_with")
"""Columns that follow from clocks, organisation and parties; rows that agree in them are written together."""
CHUNK = 500
"""Subjects locked at once by `advance_many`: enough to share statements, few enough to let others in between."""
HELD = 5_000
"""The same inside a caller's transaction, whose locks last to its end anyhow: as many as memory bears."""


@dataclass(frozen=True, slots=True)
class Option:
    """A move out of the present state, and every reason why this account may not make it now."""

    transition: Transition
    reasons: tuple[str, ...]

    @property
    def open(self) -> bool:
        return not self.reasons


@dataclass(slots=True)
class Outcome:
    """What a move over a list came to: how many went, and for each that stayed its number and the reasons."""

    moved: int = 0
    refused: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)


def start(subject: S, *, actor: Account | None, right: str | None = None, note: str = "") -> S:
    """Save a new subject in the first state of its procedure's current version, with its clocks and its record.

    Its terms run from `subject.started_at`, or from now where that is not set.
    """
    with transaction.atomic():
        first = _prepare(subject, actor)
        subject.save(force_insert=True)
        for clock in first:
            clock.subject_id = subject.pk
        Clock.objects.bulk_create(first)
        record_many(
            "start", [(subject, None, {"state": subject.state})], actor=actor, right=right, reason=note
        )
    return subject


def start_many(
    subjects: Sequence[S], *, actor: Account | None, right: str | None = None, note: str = ""
) -> None:
    """Do what `start` does for a list of one model, by COPY. The subjects get their ids."""
    if not subjects:
        return
    model = type(subjects[0])
    first: list[Clock] = []
    with transaction.atomic():
        for subject, pk in zip(subjects, reserve_ids(model, len(subjects)), strict=True):
            subject.pk = pk
            first += _prepare(subject, actor)
        for clock, pk in zip(first, reserve_ids(Clock, len(first)), strict=True):
            clock.pk = pk
        copy_in(model, subjects)
        copy_in(Clock, first)
        record_many(
            "start", [(s, None, {"state": s.state}) for s in subjects], actor=actor, right=right, reason=note
        )


def advance(
    subject: S,
    code: str,
    *,
    actor: Account,
    note: str = "",
    seen: int | None = None,
    at: datetime | None = None,
    **changes: Any,
) -> S:
    """Make the move `code` and return the subject as it now is.

    `changes` are fields that the transition takes; `seen` is the step for which the user filled in the form; `at` is
    when it happened, for what is entered afterwards: terms are judged by it, and the record says both times.
    Raises NoSuchMove, MovedMeanwhile, MoveNotAllowed, MoveRefused or Invalid; then nothing was written.
    """
    with transaction.atomic():
        row = next(iter(_lock(type(subject), [subject.pk])), None)
        if row is None:
            raise NoSuchMove(f"{subject.number} 已不在您的权限范围内；请刷新后查看", state=subject.state)
        move = row.procedure.transition(row.state, code)
        if move is None:
            raise NoSuchMove(
                f"{row.number} 现为“{row.stage.label}”，不能进行这一步；请刷新后查看当前状态", state=row.state
            )
        if seen is not None and seen != row.step:
            raise MovedMeanwhile(
                f"{row.number} 在您打开之后已由他人处理，现为“{row.stage.label}”；请刷新后再决定"
            )
        values = cleaned(row, move, changes, actor=actor, at=at)
        before = _check(row, move, values, actor=actor, note=note)
        _write(type(row), [(row, before)], move, values, actor=actor, note=note, at=at)
    return row


def advance_many(
    model: type[S],
    ids: Sequence[int],
    code: str,
    *,
    actor: Account,
    note: str = "",
    at: datetime | None = None,
    **changes: Any,
) -> Outcome:
    """Make the move on each of `ids` that may make it, and say of the others why not.

    Commits by chunks: a list cut off in the middle has moved a part of it, whole subject by whole subject. Inside a
    transaction nothing is committed before that is, and statements are shared by ten times as many.
    """
    outcome = Outcome()
    size = HELD if transaction.get_connection().in_atomic_block else CHUNK
    for first in range(0, len(ids), size):
        with transaction.atomic():
            _advance_chunk(
                model, ids[first : first + size], code, changes, outcome, actor=actor, note=note, at=at
            )
    return outcome


def outlook(subject: Subject, *, actor: Account) -> list[Option]:
    """Return all moves out of the state in which `subject` was read, with all reasons against each."""
    moves = subject.procedure.leaving(subject.state)
    return [Option(move, tuple(_standing_reasons(subject, move, actor))) for move in moves]


def _prepare(subject: Subject, actor: Account | None) -> list[Clock]:
    """Put the subject at its procedure's beginning and return its first clocks, unsaved."""
    procedure = subject.begins_under
    subject.state = procedure.initial.code
    subject.procedure_version = procedure.version
    if subject.started_at is None:
        subject.started_at = timezone.now()
    subject.started_by = actor
    first = [timing.begin(term, subject, at=subject.started_at) for term in procedure.initial.terms]
    hands = timing.hands(first)
    subject.due_at, subject.warn_at = hands.due_at, hands.warn_at
    return first


def _lock(model: type[S], ids: Sequence[int]) -> list[S]:
    """Lock and read the rows by id, so that two lists that overlap can not wait for each other."""
    rows = model._default_manager.select_related("organisation").filter(pk__in=ids)
    return list(rows.order_by("pk").select_for_update(of=("self",)))


def _advance_chunk(
    model: type[S],
    ids: Sequence[int],
    code: str,
    changes: Mapping[str, Any],
    outcome: Outcome,
    *,
    actor: Account,
    note: str,
    at: datetime | None,
) -> None:
    going: dict[tuple[int, str], list[tuple[S, dict[str, Any]]]] = defaultdict(list)
    moves: dict[tuple[int, str], tuple[Transition, dict[str, Any]]] = {}
    locked = _lock(model, ids)
    prefetch_related_objects(locked, *model.beside)
    for row in locked:
        move = row.procedure.transition(row.state, code)
        if move is None:
            outcome.refused.append((row.number, (f"现为“{row.stage.label}”，不能进行这一步",)))
            continue
        shape = (row.procedure_version, row.state)
        if shape not in moves:
            moves[shape] = (move, cleaned(row, move, changes, actor=actor, at=at))
        try:
            before = _check(row, *moves[shape], actor=actor, note=note, own=False)
        except (MoveRefused, MoveNotAllowed) as refusal:
            outcome.refused.append((row.number, tuple(refusal.data["reasons"])))
        else:
            going[shape].append((row, before))
    for shape, rows in going.items():
        _write(model, rows, *moves[shape], actor=actor, note=note, at=at)
        outcome.moved += len(rows)


def _check(
    row: Subject, move: Transition, values: Mapping[str, Any], *, actor: Account, note: str, own: bool = True
) -> dict[str, Any]:
    """Set the values on `row`, return those it had; raises with every reason against it. `own`: the note is about it alone."""
    reasons = _standing_reasons(row, move, actor)
    before = {"state": row.state, **spoken({name: _stored(row, name) for name in values})}
    reasons += _lowered(row, move, values)
    for name, value in values.items():
        setattr(row, name, value)
    if move.note_required and not note.strip():
        reasons.append("须填写说明")
    reasons += [reason for check in move.checks if (reason := check(row))]
    reasons += [reason for check in move.note_checks if (reason := check(row, note if own else ""))]
    if not move.restart:
        reasons += stays.against_another_measure(row, values, row.procedure.state(move.target))
    if not reasons:
        return before
    error = MoveRefused if _may(actor, move, row) else MoveNotAllowed
    raise error(move.label, list(dict.fromkeys(reasons)))  # a check may ask a guard again, under a lock


def _may(actor: Account, move: Transition, row: Subject) -> bool:
    return actor.has_right(move.right, row) or (move.or_owner and row.belongs_to(actor))


def _standing_reasons(row: Subject, move: Transition, actor: Account) -> list[str]:
    """Return the reasons that no input of the user can mend."""
    reasons = []
    if not _may(actor, move, row):
        reasons.append(f"您在该区划和条线没有“{RIGHTS[move.right].label}”权限")
    if move.by_handler and row.handler_id not in (None, actor.pk):
        reasons.append("该件已指定承办人，只能由承办人办理")
    if move.not_by_handler and row.handler_id == actor.pk:
        reasons.append("承办人不能办理本环节，须由他人办理")
    if move.by_own_unit and (row.organisation_id is None or actor.organisation_id != row.organisation_id):
        reasons.append("须由所在单位自己的账号办理")
    if move.by_owner and actor.pk is not None:
        reasons.append("只能由当事人本人提出")
    reasons += [
        f"本件的{field_of(row, name).verbose_name}不能办理本环节，须由他人办理"
        for name in move.not_by
        if _stored(row, name) == actor.pk
    ]
    if move.parties_done and row.open_parties:
        reasons.append("尚有分办单未办毕，请先催办或撤回")
    if move.within and (reason := _too_late(row, move)):
        reasons.append(reason)
    return reasons + [reason for guard in move.guards if (reason := guard(row))]


def _lowered(row: Subject, move: Transition, values: Mapping[str, Any]) -> list[str]:
    """Return why fields that the move may only raise can not become what is given."""
    reasons = []
    for name in move.upward:
        labels = dict(field_of(row, name).flatchoices)
        order = list(labels)
        old, new = _stored(row, name), values.get(name)
        if new in labels and order.index(new) < order.index(old):
            what = field_of(row, name).verbose_name
            reasons.append(
                f"{what}不能在“{move.label}”时由“{labels[old]}”调低为“{labels[new]}”，请逐件更正并写明理由"
            )
    return reasons


def _too_late(row: Subject, move: Transition) -> str | None:
    """Return why the move may no longer be made, by the parameter in force when the subject ended."""
    if row.ended_at is None:
        return None
    limit = parameters.get(move.within, on=timezone.localdate(row.ended_at), region=row.region_id)
    until = end_of(row.ended_at, parameters.span_of(limit), calendar=load_calendar()).due_at
    if timezone.now() <= until:
        return None
    return f"已过{parameters.label_of(move.within)}（{limit.value.normalize():f} {limit.get_unit_display()}，{limit.source}）"


def _stored(row: Subject, name: str) -> Any:
    return getattr(row, field_of(row, name).attname)


def _write(
    model: type[S],
    rows: Sequence[tuple[S, dict[str, Any]]],
    move: Transition,
    values: Mapping[str, Any],
    *,
    actor: Account,
    note: str,
    at: datetime | None,
) -> None:
    """Move rows that passed their checks: clocks, columns, records. The only writer of `state`."""
    now = at or timezone.now()
    happened = {"at": at} if at else {}
    target = rows[0][0].procedure.state(move.target)
    own = timing.running(model.procedure_code, [row.pk for row, _ in rows])
    stop: list[Clock] = []
    begin: list[Clock] = []
    heirs: list[tuple[Clock, Clock]] = []
    groups: dict[tuple[Any, ...], list[S]] = defaultdict(list)
    histories = []
    for row, before in rows:
        clocks = own[row.pk]
        shifted = timing.shift(row, clocks, move, target, at=now)
        stop += shifted.stop
        begin += shifted.start
        heirs += shifted.heirs
        late = row.late or any(clock.due_at < now for clock in clocks)
        hands = timing.hands([*shifted.start, *(c for c in clocks if c not in shifted.stop)])
        groups[hands.due_at, hands.warn_at, late, tuple(_shared_with(row))].append(row)
        explained = move.explains(row) if move.explains else {}
        histories.append((row, before, {"state": target.code, **spoken(values), **explained, **happened}))
    if stop:
        Clock.objects.filter(pk__in=[clock.pk for clock in stop]).update(stopped_at=now)
    if begin:
        Clock.objects.bulk_create(begin)
    stays.pass_on(heirs)
    for derived, moved in groups.items():
        columns = dict(zip(DERIVED, derived, strict=True)) | {
            "state": target.code,
            "ended_at": now if target.final else None,
        }
        with _still_seen(actor, moved, columns["shared_with"]):
            model._default_manager.filter(pk__in=[row.pk for row in moved]).update(
                **values, **columns, step=F("step") + 1
            )
        for row in moved:
            _put(row, columns)
    record_many(f"move.{move.code}", histories, actor=actor, right=move.right, reason=note)
    _tell_at_once(rows, move, values)
    notify_many(MOVED, [Telling(row, _concerned(row, actor)) for row, _ in rows])


def _tell_at_once(
    rows: Sequence[tuple[S, dict[str, Any]]], move: Transition, values: Mapping[str, Any]
) -> None:
    """Tell the level that has to know at once of what the move made so urgent."""
    ladder = rows[0][0].procedure.ladder
    if ladder is None or ladder.field not in values:
        return
    value = values[ladder.field]
    rung = dict(ladder.at_once).get(value)
    raised = [row for row, before in rows if before[ladder.field] != value]
    if rung and raised:
        label = dict(field_of(raised[0], ladder.field).flatchoices)[value]
        tell_at_once(dict.fromkeys(raised, f"“{move.label}”时改为{label}"), rung)


def _concerned(row: Subject, actor: Account) -> list[int]:
    """Return who has to know of a move: the handler, unless it was the handler's own."""
    handler: int | None = row.handler_id
    return [handler] if handler and handler != actor.pk and row.ended_at is None else []


def _put(row: Subject, columns: Mapping[str, Any]) -> None:
    """Set on the row in hand what was written for it."""
    for name, value in columns.items():
        setattr(row, name, value)
    row.step += 1


def _shared_with(row: Subject) -> list[str]:
    """Return the audience keys of the organisation in charge and of the parties: those who see beyond the own place."""
    charged = audience_of(row.organisation.region_id, row.organisation.line_id) if row.organisation else []
    return sorted({*row.party_keys, *charged} - set(audience_of(row.region_id, row.line_id)))


def _still_seen(
    actor: Account, rows: Sequence[Subject], shared_with: Sequence[str]
) -> AbstractContextManager[None]:
    """Reach everything where the actor no longer sees a row once it is moved: the wall would not let it go."""
    keys = actor.audience_keys()
    if all(not keys.isdisjoint({*audience_of(row.region_id, row.line_id), *shared_with}) for row in rows):
        return nullcontext()
    return database_scope({EVERYTHING})
