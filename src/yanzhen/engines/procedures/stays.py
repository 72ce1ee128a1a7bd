"""Pauses and extensions: asked for with a reason, decided by a second person, within the rule's limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from yanzhen.engines.procedures import clocks as timing
from yanzhen.engines.procedures.declare import Allowance, State, Term
from yanzhen.engines.procedures.models import Clock, Stay, Subject, subject_model
from yanzhen.engines.procedures.refusals import MoveNotAllowed, MoveRefused
from yanzhen.foundation import parameters
from yanzhen.foundation.calendar import Span, end_of, load_calendar
from yanzhen.foundation.models import Account, Parameter
from yanzhen.foundation.records import record
from yanzhen.foundation.rights import RIGHTS

BATCH = 2_000
"""Rows written in one statement."""


@transaction.atomic
def request_stay(clock: Clock, *, actor: Account, kind: str, amount: int, reason: str) -> Stay:
    """Ask for `amount` more, in the unit of the clock's parameter; raises MoveRefused past the limit."""
    row, clock = _locked(clock)
    label = Stay.Kind(kind).label
    allowance = _allowance(row, clock, kind)
    _demand_right(label, allowance.request_right, row, actor)
    reasons = _against(clock, allowance, kind, amount, reason, region=row.region_id)
    if reasons:
        raise MoveRefused(f"申请{label}", reasons)
    stay = Stay.objects.create(
        procedure=clock.procedure,
        subject_id=clock.subject_id,
        clock=clock,
        kind=kind,
        amount=amount,
        reason=reason.strip(),
        asked_by=actor,
        asked_at=timezone.now(),
    )
    record(
        f"stay.ask.{kind}",
        row,
        actor=actor,
        right=allowance.request_right,
        after={"amount": amount},
        reason=reason,
    )
    return stay


def _against(
    clock: Clock, allowance: Allowance, kind: str, amount: int, reason: str, *, region: str
) -> list[str]:
    """Return every reason against asking for `amount` more."""
    code = allowance.limit_for(clock.parameter.code)
    limit = parameters.get(code, on=timezone.localdate(clock.started_at), region=region)
    used = (
        clock.stays.filter(kind=kind, decision__in=("granted", "ended")).aggregate(sum=Sum("amount"))["sum"]
        or 0
    )
    reasons = [] if reason.strip() else ["须写明理由"]
    if clock.stopped_at:
        reasons.append("该时限已停止")
    elif clock.due_at <= timezone.now():
        ended = f"{timezone.localtime(clock.due_at):%Y-%m-%d %H:%M}"
        reasons.append(f"该时限已于 {ended} 届满：暂停或延期须在届满前申请，请尽快办理，超期照实记录")
    if amount < 1:
        reasons.append("时长至少为 1")
    if used + amount > limit.value:
        reasons.append(
            f"累计不得超过 {limit.value.normalize():f} {limit.get_unit_display()}（已用 {used}；{limit.source}{limit.article}）"
        )
    if clock.stays.filter(decision=Stay.Decision.OPEN).exists():
        reasons.append("已有一件待审批的申请")
    return reasons


@transaction.atomic
def decide_stay(stay: Stay, *, actor: Account, grant: bool, opinion: str = "") -> Stay:
    """Grant or refuse; whoever asked can not decide. A pause begins on the day of the decision."""
    row, clock = _locked(stay.clock)
    stay = Stay.objects.select_for_update().get(pk=stay.pk)
    label = f"审批{stay.get_kind_display()}"
    if stay.decision != Stay.Decision.OPEN:
        raise MoveRefused(label, [f"该申请已处理：{stay.get_decision_display()}"])
    allowance = _allowance(row, clock, stay.kind)
    _demand_right(label, allowance.approve_right, row, actor)
    reasons = ["申请人不能审批自己的申请"] if stay.asked_by_id == actor.pk else []
    reasons += ["不同意须写明意见"] if not grant and not opinion.strip() else []
    reasons += ["该时限已停止"] if grant and clock.stopped_at else []
    if reasons:
        raise MoveRefused(label, reasons)
    stay.decision = Stay.Decision.GRANTED if grant else Stay.Decision.REFUSED
    stay.decided_by, stay.decided_at, stay.opinion = actor, timezone.now(), opinion.strip()
    stay.save()
    before = {"due_at": clock.due_at}
    if grant:
        _apply(stay, clock)
        rewind(row, clock)
    record(
        f"stay.{'grant' if grant else 'refuse'}.{stay.kind}",
        row,
        actor=actor,
        right=allowance.approve_right,
        before=before,
        after={"due_at": clock.due_at, "amount": stay.amount},
        reason=opinion,
    )
    return stay


@transaction.atomic
def resume(clock: Clock, *, actor: Account, reason: str) -> Clock:
    """End a running pause today; what was not used of it is given back."""
    row, clock = _locked(clock)
    allowance = _allowance(row, clock, Stay.Kind.PAUSE)
    _demand_right("恢复计时", allowance.request_right, row, actor)
    today = timezone.localdate().isoformat()
    if clock.stopped_at or not is_paused(clock):
        raise MoveRefused("恢复计时", ["当前没有进行中的暂停"])
    before = {"due_at": clock.due_at}
    first, _until = clock.pauses.pop()
    if first < today:
        clock.pauses.append([first, today])
    stay = clock.stays.filter(kind=Stay.Kind.PAUSE, decision=Stay.Decision.GRANTED).latest("pk")
    stay.decision, stay.amount = Stay.Decision.ENDED, _days_between(first, today, clock)
    stay.save(update_fields=["decision", "amount"])
    rewind(row, clock)
    record(
        "stay.resume",
        row,
        actor=actor,
        right=allowance.request_right,
        before=before,
        after={"due_at": clock.due_at},
        reason=reason,
    )
    return clock


def against_another_measure(row: Subject, fields: Iterable[str], target: State) -> list[str]:
    """Return why the terms of `row` can not go on by another measure, as the values of `fields` would have it.

    What was granted is in days of one kind: it is neither lost nor turned into days of another.
    """
    reasons = []
    for clock, parameter in timing.measured_anew(row, fields, target):
        if clock.stays.filter(decision=Stay.Decision.OPEN).exists():
            reasons.append(f"{clock.label}有待审批的暂停或延期申请，请先审批")
        if is_paused(clock):
            reasons.append(f"{clock.label}正在暂停，请先恢复计时")
        elif parameter.unit != clock.parameter.unit and (clock.extension or clock.pauses):
            reasons.append(
                f"{clock.label}已批准的暂停或延期以{clock.parameter.get_unit_display()}计，改后的时限以"
                f"{parameter.get_unit_display()}计，不能换算：请保持原等级"
            )
    return reasons


def pass_on(heirs: Sequence[tuple[Clock, Clock]]) -> None:
    """Let what was asked for a clock be asked for the one that goes on from it. Two statements, and none for nothing."""
    if not heirs:
        return
    to = {clock.pk: heir for clock, heir in heirs}
    stays = list(Stay.objects.filter(clock__in=to))
    for stay in stays:
        stay.clock = to[stay.clock_id]
    Stay.objects.bulk_update(stays, ["clock"])


def is_paused(clock: Clock) -> bool:
    """Tell whether a pause of the clock runs or is still to come."""
    return bool(clock.pauses) and clock.pauses[-1][1] > timezone.localdate().isoformat()


def rewind(row: Subject, clock: Clock) -> None:
    """Derive the clock's end anew and carry it to the subject or the party. The rows are locked by the caller.

    A mark that no longer holds is lifted: a term made longer warns again when its new end comes near.
    """
    now = timezone.now()
    _derive(row, clock, now)
    clock.save()
    if clock.party:
        clock.party.due_at = clock.due_at
        clock.party.save(update_fields=["due_at"])
        return
    hands = timing.hands(timing.running(row.procedure_code, [row.pk])[row.pk])
    own = Clock.objects.filter(procedure=row.procedure_code, subject_id=row.pk, party=None)
    row.late = own.filter(Q(stopped_at__gt=F("due_at")) | Q(stopped_at=None, due_at__lt=now)).exists()
    row.due_at, row.warn_at = hands.due_at, hands.warn_at
    row.save(update_fields=["due_at", "warn_at", "late"])


def rewind_many(rows: QuerySet[Any]) -> int:
    """Do that for all own running clocks of subjects of one model, set by set; return how many clocks there were.

    For what all of them rest on, such as the days on which their round stood still. Locks the subjects by id.
    """
    model, now = rows.model, timezone.now()
    held = {row.pk: row for row in rows.order_by("pk").select_for_update(of=("self",), no_key=True)}
    running = timing.running(model.procedure_code, held)
    clocks = [clock for own in running.values() for clock in own]
    for clock in clocks:
        _derive(held[clock.subject_id], clock, now)
    fields = ["due_at", "provisional", "warn_at", "rung_at", "warned_at", "overdue_at"]
    Clock.objects.bulk_update(clocks, fields, batch_size=BATCH)
    over = Q(stopped_at__gt=F("due_at")) | Q(stopped_at=None, due_at__lt=now)
    own = Clock.objects.filter(procedure=model.procedure_code, subject_id__in=list(held), party=None)
    late = set(own.filter(over).values_list("subject_id", flat=True))
    for pk, row in held.items():
        hands = timing.hands(running[pk])
        row.due_at, row.warn_at, row.late = hands.due_at, hands.warn_at, pk in late
    model._default_manager.bulk_update(held.values(), ["due_at", "warn_at", "late"], batch_size=BATCH)
    return len(clocks)


def _derive(row: Subject, clock: Clock, now: datetime) -> None:
    """Derive the clock's end anew, and lift the marks that no longer hold."""
    timing.wind(clock, row.procedure.term(clock.parameter.code), row, region=(clock.party or row).region_id)
    if clock.warn_at and clock.warn_at > now:
        clock.warned_at = None
    if clock.due_at > now:
        clock.overdue_at = None


def _apply(stay: Stay, clock: Clock) -> None:
    if stay.kind == Stay.Kind.EXTENSION:
        clock.extension += stay.amount
        return
    today = timezone.localdate()
    clock.pauses = [*clock.pauses, [today.isoformat(), _pause_end(stay, clock).isoformat()]]


def _pause_end(stay: Stay, clock: Clock) -> date:
    """Return the first day that counts again: `amount` days of the clock's own kind, today being the first."""
    yesterday = timezone.now() - timedelta(days=1)
    span = Span(stay.amount, Parameter.Unit(clock.parameter.unit), moves=False)
    return timezone.localdate(end_of(yesterday, span, calendar=load_calendar()).due_at) + timedelta(days=1)


def _days_between(first: str, after: str, clock: Clock) -> int:
    """Return how many days of the clock's own kind lie from `first` on and before `after`, both ISO dates."""
    begin, end = date.fromisoformat(first), date.fromisoformat(after)
    days = [begin + timedelta(days=n) for n in range((end - begin).days)]
    if clock.parameter.unit == Parameter.Unit.WORKING_DAYS:
        days = [day for day in days if load_calendar().is_working(day)]
    return len(days)


def _locked(clock: Clock) -> tuple[Subject, Clock]:
    """Lock the subject first and then its clock, as every other path does."""
    model = subject_model(clock.procedure)
    row = (
        model._default_manager.select_related("organisation")
        .select_for_update(of=("self",))
        .filter(pk=clock.subject_id)
        .first()
    )
    if row is None:
        raise MoveNotAllowed(clock.label, ["本件不在您的权限范围内"])
    clock = (
        Clock.objects.select_related("parameter", "party").select_for_update(of=("self",)).get(pk=clock.pk)
    )
    return row, clock


def _allowance(row: Subject, clock: Clock, kind: str) -> Allowance:
    term: Term = row.procedure.term(clock.parameter.code)
    allowance = term.pause if kind == Stay.Kind.PAUSE else term.extension
    if allowance is None:
        raise MoveRefused(f"申请{Stay.Kind(kind).label}", [f"“{term.label}”不允许{Stay.Kind(kind).label}"])
    if clock.parameter.unit not in (Parameter.Unit.WORKING_DAYS, Parameter.Unit.CALENDAR_DAYS):
        raise MoveRefused(f"申请{Stay.Kind(kind).label}", ["只有以日计算的时限可以暂停或延期"])
    return allowance


def _demand_right(label: str, right: str, row: Subject, actor: Account) -> None:
    if not actor.has_right(right, row):
        raise MoveNotAllowed(label, [f"您在该区划和条线没有“{RIGHTS[right].label}”权限"])
