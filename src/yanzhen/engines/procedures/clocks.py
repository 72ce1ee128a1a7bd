"""Clocks: what a term comes to for one subject, derived again whenever something it rests on changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from yanzhen.engines.procedures.declare import Ladder, State, Term, Transition
from yanzhen.engines.procedures.models import Clock, Party, Subject
from yanzhen.foundation import parameters
from yanzhen.foundation.calendar import end_of, load_calendar, warning_at
from yanzhen.foundation.models import Parameter


@dataclass(frozen=True, slots=True)
class Shift:
    """What a move does to the clocks of a subject; nothing of it is saved."""

    stop: list[Clock] = field(default_factory=list)
    start: list[Clock] = field(default_factory=list)
    heirs: list[tuple[Clock, Clock]] = field(default_factory=list)
    """Pairs of a clock that stops and the one that goes on from it: what was asked for it is asked for the other."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Where the clocks of a subject stand: the earliest end, the earliest warning, and whether one ran out."""

    due_at: datetime | None
    warn_at: datetime | None


def begin(term: Term, subject: Subject, *, at: datetime, party: Party | None = None) -> Clock:
    """Return the unsaved clock of `term`, started at `at` by the parameter in force that day and there."""
    region = (party or subject).region_id
    clock = Clock(
        procedure=subject.procedure_code,
        subject_id=subject.pk,
        party=party,
        label=term.label,
        parameter=parameters.get(term.code_for(subject), on=timezone.localdate(at), region=region),
        started_at=at,
    )
    wind(clock, term, subject, region=region)
    return clock


def succeed(clock: Clock, term: Term, subject: Subject) -> Clock:
    """Return the unsaved clock that goes on from where `clock` began, by the measure that holds for `subject` now."""
    following = begin(term, subject, at=clock.started_at)
    following.extension, following.pauses = clock.extension, clock.pauses
    wind(following, term, subject, region=subject.region_id)
    return following


def wind(clock: Clock, term: Term, subject: Subject, *, region: str) -> None:
    """Set the clock's end, warning and next rung from what it started with, its extension, its pauses and the subject's."""
    calendar = load_calendar()
    deadline = end_of(
        clock.started_at,
        parameters.span_of(clock.parameter),
        calendar=calendar,
        extension=clock.extension,
        pauses=[
            (date.fromisoformat(first), date.fromisoformat(last))
            for first, last in [*clock.pauses, *subject.stood_still]
        ],
    )
    clock.due_at = deadline.due_at
    clock.provisional = deadline.provisional
    clock.warn_at = None
    if term.warning:
        before = parameters.get(term.warning, on=timezone.localdate(clock.started_at), region=region)
        clock.warn_at = max(
            clock.started_at, warning_at(deadline.due_at, parameters.span_of(before), calendar)
        )
    clock.rung_at = rung_at(clock, subject.procedure.ladder, region=region)


def rung_at(clock: Clock, ladder: Ladder | None, *, region: str) -> datetime | None:
    """Return when the ladder's next rung is to be told of `clock`; None past the last."""
    if ladder is None or clock.rung >= len(ladder.rungs):
        return None
    after = ladder.rungs[clock.rung].after
    if not after:
        return clock.due_at
    span = parameters.span_of(parameters.get(after, on=timezone.localdate(clock.started_at), region=region))
    return end_of(clock.due_at, span, calendar=load_calendar()).due_at


def hands(clocks: Iterable[Clock]) -> Hands:
    """Read the running ones among `clocks`."""
    running = [c for c in clocks if c.stopped_at is None]
    return Hands(
        min((c.due_at for c in running), default=None),
        min((c.warn_at for c in running if c.warn_at), default=None),
    )


def shift(
    subject: Subject, clocks: Sequence[Clock], move: Transition, target: State, *, at: datetime
) -> Shift:
    """Return what becomes of `clocks` when `subject` goes into `target`.

    A term of both states runs on; where the subject's class was changed it runs on from its start by another measure.
    """
    wanted = {term.parameter: term for term in target.terms}
    shifted = Shift()
    for clock in clocks:
        term = wanted.get(subject.procedure.term(clock.parameter.code).parameter)
        if term is None or move.restart:
            shifted.stop.append(clock)
            continue
        del wanted[term.parameter]
        if clock.parameter.code != term.code_for(subject):
            heir = succeed(clock, term, subject)
            shifted.stop.append(clock)
            shifted.start.append(heir)
            shifted.heirs.append((clock, heir))
    shifted.start.extend(begin(term, subject, at=at) for term in wanted.values())
    return shifted


def measured_anew(subject: Subject, fields: Iterable[str], target: State) -> list[tuple[Clock, Parameter]]:
    """Return the running clocks that another parameter measures once `fields` hold what they hold now, each with it."""
    by = [term for term in target.terms if term.by in fields and term in subject.stage.terms]
    if not by:
        return []
    found = []
    for clock in running(subject.procedure_code, [subject.pk])[subject.pk]:
        term = next((t for t in by if clock.parameter.code in t.codes()), None)
        if term and term.code_for(subject) != clock.parameter.code:
            on = timezone.localdate(clock.started_at)
            found.append((clock, parameters.get(term.code_for(subject), on=on, region=subject.region_id)))
    return found


def running(procedure: str, subjects: Iterable[int]) -> dict[int, list[Clock]]:
    """Return the subjects' own running clocks (not those of parties) by subject id."""
    found: dict[int, list[Clock]] = {pk: [] for pk in subjects}
    clocks = Clock.objects.filter(
        procedure=procedure, subject_id__in=list(found), party=None, stopped_at=None
    ).select_related("parameter")
    for clock in clocks:
        found[clock.subject_id].append(clock)
    return found
