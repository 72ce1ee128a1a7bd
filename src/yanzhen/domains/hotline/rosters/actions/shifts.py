"""Planning shifts: one, a rotation over a team, last week again; taking one back. Nothing overlaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from yanzhen.domains.hotline.actions import LINE
from yanzhen.domains.hotline.rosters import rules
from yanzhen.domains.hotline.rosters.coverage import Span
from yanzhen.domains.hotline.rosters.models import Leave, Seat, Shift, Skill
from yanzhen.domains.hotline.rosters.rotations import Rotation, unfold
from yanzhen.foundation import parameters
from yanzhen.foundation.bulk import copy_in, reserve_ids
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.records import record, record_many
from yanzhen.foundation.scope import EVERYTHING, database_scope

EDIT = "roster.edit"
SHOWN = 5
"""Obstacles that a refusal names."""
REST = "hotline.rest_hours"


class Overlap(Refusal):
    """Somebody would be on duty in two places at once."""

    code = "shifts_overlap"


class RosterRefused(Refusal):
    code = "roster_refused"


@dataclass(frozen=True, slots=True)
class Plan:
    """A shift to be."""

    account: Account
    region: Region
    skill: Skill
    start: datetime
    end: datetime
    kind: str = Shift.Kind.DAY.value

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Planned:
    """What was planned, and what should be looked at: warned of, not refused."""

    shifts: list[Shift]
    concerns: list[str]


@transaction.atomic
def plan_shifts(plans: Sequence[Plan], *, actor: Account, reason: str = "") -> Planned:
    """Put people on duty, all or none; the statements do not grow with their number.

    Raises NotAllowed, Invalid with the reasons of each that breaks a rule, or Overlap, which names the shifts that meet.
    """
    if not plans:
        raise Invalid("没有可排的班次；请检查日期和人员")
    shifts = [_shift(plan) for plan in plans]
    demand(actor, EDIT, shifts)
    _demand_rules(plans)
    with database_scope({EVERYTHING}):
        others = _around(plans)
        demand_free(plans, others)
        _demand_no_leave(plans)
        for shift, pk in zip(shifts, reserve_ids(Shift, len(shifts)), strict=True):
            shift.pk = pk
        _insert(shifts)
        concerns = _concerns(plans, others)
    record_many("shift.plan", [(s, None, facts(s)) for s in shifts], actor=actor, right=EDIT, reason=reason)
    return Planned(shifts, concerns)


def unfold_rotation(
    rotation: Rotation,
    team: Sequence[Account],
    *,
    region: Region,
    skill: Skill,
    first: date,
    days: int,
    actor: Account,
) -> Planned:
    """Plan a rotation over `team`, in its order; who is on leave stays out, and is named among the concerns."""
    zone = timezone.get_current_timezone()
    plans = [
        Plan(one.who, region, skill, one.start, one.end, one.kind)
        for one in unfold(rotation, team, first, days, zone)
        if one.end > timezone.now()
    ]
    return _plan_but_for_leave(plans, actor=actor, reason=f"按“{rotation.label}”排班")


def copy_week(region: Region, monday: date, *, actor: Account, onto: date) -> Planned:
    """Plan for the week of `onto` what the region's roster has in the week of `monday`; both are Mondays."""
    zone = timezone.get_current_timezone()
    start = datetime.combine(monday, time(), zone)
    by = onto - monday
    rows: QuerySet[Shift] = Shift.objects.visible_to(actor, EDIT)
    week = rows.filter(region=region, starts_at__gte=start, starts_at__lt=start + timedelta(days=7))
    plans = [
        Plan(row.account, region, row.skill, row.starts_at + by, row.ends_at + by, row.kind)
        for row in week.select_related("account", "skill").order_by("starts_at", "pk")
    ]
    return _plan_but_for_leave(plans, actor=actor, reason=f"复制 {monday} 一周的班次")


@transaction.atomic
def cancel_shift(shift: Shift, *, actor: Account, reason: str) -> None:
    """Take a shift back; of one that runs, what is still to come."""
    now = timezone.now()
    row = locked(shift.pk)
    demand(actor, EDIT, [row])
    if problem := rules.still_to_come(row.ends_at, now):
        raise RosterRefused(problem)
    if not reason.strip():
        raise Invalid("请写明取消班次的理由", fields={"reason": "请写明理由"})
    before = facts(row)
    if row.starts_at < now:
        row.ends_at = now
        row.save(update_fields=["ends_at"])
        record("shift.cut", row, actor=actor, right=EDIT, before=before, after=facts(row), reason=reason)
        return
    record("shift.cancel", row, actor=actor, right=EDIT, before=before, reason=reason)
    row.delete()


def locked(pk: int) -> Shift:
    """Lock and return a shift, wherever it is; raises RosterRefused where it is gone."""
    with database_scope({EVERYTHING}):
        row = (
            Shift.objects.select_for_update(of=("self",))
            .select_related("account", "skill", "region")
            .filter(pk=pk)
            .first()
        )
    if row is None:
        raise RosterRefused("班次已被取消或改动，请刷新后再试")
    found: Shift = row
    return found


def facts(shift: Shift) -> dict[str, object]:
    """Return what a record holds of a shift."""
    return {
        "account": shift.account_id,
        "skill": shift.skill_id,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
        "kind": shift.kind,
    }


def demand(actor: Account, right: str, shifts: Iterable[Shift]) -> None:
    """Raise NotAllowed where `actor` does not hold `right` over the place of one of `shifts`."""
    reaches = actor.reaches(right)
    for code in sorted({shift.region_id for shift in shifts}):
        if not any(reach.covers(code, LINE) for reach in reaches):
            words = {"roster.approve": "审批请假与换班", "roster.edit": "排班"}[right]
            raise NotAllowed(f"您在区划 {code} 没有“{words}”权限；请由当地有此权限的人办理")


def demand_free(plans: Sequence[Plan], others: Iterable[Shift]) -> None:
    """Raise Overlap, naming the shifts that meet, where one of `plans` meets another or one of `others`."""
    taken: dict[int, list[tuple[Span, str, int | None]]] = defaultdict(list)
    for other in others:
        where = f"{other.region}（{other.skill}）"
        taken[other.account_id].append((Span(other.starts_at, other.ends_at), where, other.pk))
    said, ids = [], []
    for plan in plans:
        for span, where, pk in taken[plan.account.pk]:
            if span.start < plan.end and plan.start < span.end:
                said.append(rules.overlap(str(plan.account), where, span, plan.span))
                ids.append(pk)
        taken[plan.account.pk].append((plan.span, f"{plan.region}（{plan.skill}，本次）", None))
    if said:
        more = f"等 {len(said)} 处" if len(said) > SHOWN else ""
        raise Overlap(
            "；".join(said[:SHOWN]) + more,
            shifts=sorted({pk for pk in ids if pk})[:SHOWN],
            reasons=said[:SHOWN],
        )


def rest_hours(region: str, on: date) -> int:
    return int(parameters.get(REST, on=on, region=region).value)


def _shift(plan: Plan) -> Shift:
    return Shift(
        region=plan.region,
        line_id=LINE,
        account=plan.account,
        skill=plan.skill,
        starts_at=plan.start,
        ends_at=plan.end,
        kind=plan.kind,
    )


def _demand_rules(plans: Sequence[Plan]) -> None:
    now = timezone.now()
    seats = {
        seat.account_id: seat for seat in Seat.objects.filter(account__in={plan.account.pk for plan in plans})
    }
    said: dict[str, None] = {}
    for plan in plans:
        seat = seats.get(plan.account.pk)
        reasons = (
            rules.takes_time(plan.start, plan.end),
            rules.still_to_come(plan.end, now),
            rules.can_sit(seat, plan.skill),
        )
        said.update(
            (f"{plan.account} {rules.spelled(*plan.span)}：{reason}", None) for reason in reasons if reason
        )
    if said:
        shown = list(said)[:SHOWN]
        raise Invalid("；".join(shown), reasons=shown)


def _around(plans: Sequence[Plan]) -> list[Shift]:
    """Return the shifts of the same people from a day before the plans to a day after."""
    day = timedelta(days=1)
    return list(
        Shift.objects.filter(
            account__in={plan.account.pk for plan in plans},
            starts_at__lt=max(plan.end for plan in plans) + day,
            ends_at__gt=min(plan.start for plan in plans) - day,
        ).select_related("region", "skill")
    )


def _leaves(plans: Sequence[Plan]) -> dict[int, list[Leave]]:
    rows = Leave.objects.filter(
        account__in={plan.account.pk for plan in plans},
        status=Leave.Status.GRANTED,
        starts_at__lt=max(plan.end for plan in plans),
        ends_at__gt=min(plan.start for plan in plans),
    )
    found: dict[int, list[Leave]] = defaultdict(list)
    for row in rows:
        found[row.account_id].append(row)
    return found


def _on_leave(plan: Plan, leaves: dict[int, list[Leave]]) -> str | None:
    for leave in leaves.get(plan.account.pk, []):
        if leave.starts_at < plan.end and plan.start < leave.ends_at:
            return f"{plan.account} {rules.spelled(leave.starts_at, leave.ends_at)} 已批准请假，{rules.spelled(*plan.span)} 未排"
    return None


def _demand_no_leave(plans: Sequence[Plan]) -> None:
    leaves = _leaves(plans)
    said = [words for plan in plans if (words := _on_leave(plan, leaves))]
    if said:
        raise RosterRefused("；".join(said[:SHOWN]) + "；请换人", reasons=said[:SHOWN])


def _plan_but_for_leave(plans: Sequence[Plan], *, actor: Account, reason: str) -> Planned:
    with database_scope({EVERYTHING}):
        leaves = _leaves(plans) if plans else {}
    absent = [words for plan in plans if (words := _on_leave(plan, leaves))]
    done = plan_shifts([plan for plan in plans if not _on_leave(plan, leaves)], actor=actor, reason=reason)
    return Planned(done.shifts, absent + done.concerns)


def _insert(shifts: Sequence[Shift]) -> None:
    """Insert; should somebody else have been quicker, the database's own rule says so."""
    try:
        with transaction.atomic():
            copy_in(Shift, shifts)
    except IntegrityError as error:
        if "shift_one_place_at_a_time" not in str(error):
            raise
        raise Overlap("刚刚有人排了重叠的班次，本次没有保存；请刷新后再排") from None


def _concerns(plans: Sequence[Plan], others: Iterable[Shift]) -> list[str]:
    spans: dict[Account, set[Span]] = defaultdict(set)
    for plan in plans:
        spans[plan.account].add(plan.span)
    people = {account.pk: account for account in spans}
    for other in others:
        spans[people[other.account_id]].add(Span(other.starts_at, other.ends_at))
    first = plans[0]
    hours = rest_hours(first.region.pk, timezone.localdate(first.start))
    return [words for who, held in spans.items() for words in rules.short_rest(str(who), held, hours)][:SHOWN]
