"""What is asked of seats and rosters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from yanzhen.domains.hotline.rosters.coverage import (
    Coverage,
    Difference,
    Duty,
    Hole,
    Span,
    difference,
    holes,
    ladder,
    without,
)
from yanzhen.domains.hotline.rosters.models import (
    LONGEST,
    Alarm,
    HandOver,
    Leave,
    Presence,
    RouteAnswer,
    Seat,
    Shift,
    Skill,
    Swap,
)
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.scope import EVERYTHING, ScopedQuerySet, database_scope, prefix_of

VIEW = "roster.view"
HORIZON = timedelta(days=30)
"""How far ahead the proof looks."""


# ---- seats ----


def seats(account: Account) -> QuerySet[Seat]:
    """Seats of people whom the account may roster or whose seat it may edit: those with a grant in its reach."""
    found = Q(account=account)
    for right in ("roster.view", "seat.edit"):
        for reach in account.reaches(right):
            found |= Q(account__grants__region__code__startswith=reach.prefix)
    return Seat.objects.filter(found).select_related("account").distinct().order_by("extension")


def sitters(account: Account) -> QuerySet[Account]:
    """People with a seat in use whom the account may roster, by name."""
    held = seats(account).filter(active=True).order_by().values("account")
    return Account.objects.filter(is_active=True, pk__in=held).order_by("name", "pk")


def colleagues(shift: Shift) -> QuerySet[Account]:
    """People who might take a shift over: a seat with its skill, and a grant on its ladder."""
    rows = Account.objects.filter(
        is_active=True,
        seat__active=True,
        seat__skills__contains=[shift.skill_id],
        grants__region__in=ladder(shift.region_id),
    )
    return rows.exclude(pk=shift.account_id).distinct().order_by("name", "pk")


def skills() -> QuerySet[Skill]:
    return Skill.objects.all()


def proven_skills() -> list[str]:
    """Return the codes of the skills that every region needs at every minute."""
    return list(Skill.objects.filter(proven=True).values_list("code", flat=True))


def presence_of(account: Account) -> Presence:
    """Return how somebody is set; who never said anything is at the desk. Not saved."""
    return Presence.objects.filter(account=account).first() or Presence(account=account)


# ---- shifts ----


def shifts(account: Account) -> ScopedQuerySet:
    """The shifts that the account may see."""
    return Shift.objects.visible_to(account, VIEW).select_related("account", "skill", "region")


def between(rows: QuerySet[Shift], span: Span) -> QuerySet[Shift]:
    """Keep the shifts that have some time in the span."""
    return rows.filter(starts_at__gt=span.start - LONGEST, starts_at__lt=span.end, ends_at__gt=span.start)


def on_duty(account: Account, now: datetime) -> QuerySet[Shift]:
    """The shifts of those who can be rung now, as far as the account may see them, each with whether they are away."""
    rows = shifts(account).filter(starts_at__gt=now - LONGEST, starts_at__lte=now, ends_at__gt=now)
    reachable: QuerySet[Shift] = rows.filter(account__is_active=True, account__seat__active=True)
    return reachable.select_related("account__presence", "skill", "region").order_by("account__name", "pk")


def mine(account: Account, since: datetime) -> list[Shift]:
    """The account's own shifts that end after `since`, wherever they are."""
    with database_scope({EVERYTHING}):
        return list(
            Shift.objects.filter(account=account, ends_at__gt=since)
            .select_related("region", "skill")
            .order_by("starts_at")
        )


def my_shift(account: Account, pk: int) -> Shift | None:
    with database_scope({EVERYTHING}):
        return Shift.objects.filter(account=account, pk=pk).select_related("region", "skill").first()


def my_leaves(account: Account) -> list[Leave]:
    with database_scope({EVERYTHING}):
        return list(Leave.objects.filter(account=account)[:20])


def my_swaps(account: Account) -> list[Swap]:
    """Swaps that the account gives or is offered and that are open, or were decided lately."""
    with database_scope({EVERYTHING}):
        return list(
            Swap.objects.filter(Q(giver=account) | Q(taker=account)).select_related(
                "shift__region", "shift__skill", "giver", "taker"
            )[:20]
        )


def leaves_to_decide(account: Account) -> QuerySet[Leave]:
    rows: QuerySet[Leave] = Leave.objects.visible_to(account, "roster.approve")
    return rows.filter(status=Leave.Status.ASKED).exclude(account=account).select_related("account", "region")


def swaps_to_decide(account: Account) -> QuerySet[Swap]:
    rows: QuerySet[Swap] = Swap.objects.visible_to(account, "roster.approve")
    return (
        rows.filter(status=Swap.Status.ACCEPTED)
        .exclude(Q(giver=account) | Q(taker=account))
        .select_related("shift__region", "shift__skill", "giver", "taker", "region")
    )


def hand_overs_for(shift: Shift) -> list[HandOver]:
    """The unread notes that the one on `shift` should read: same region and skill, from shifts that began before."""
    with database_scope({EVERYTHING}):
        return list(
            HandOver.objects.filter(
                region_id=shift.region_id,
                skill_id=shift.skill_id,
                read_at=None,
                shift__starts_at__lt=shift.ends_at,
            )
            .exclude(written_by_id=shift.account_id)
            .select_related("written_by", "shift")[:10]
        )


# ---- the proof ----


def regions() -> list[str]:
    """Return the codes of province, cities and counties in force."""
    rows = Region.objects.filter(
        code__startswith=prefix_of(settings.PROVINCE), valid_to=None, level__in=("province", "city", "county")
    )
    return list(rows.order_by("code").values_list("code", flat=True))


def duties(span: Span) -> list[Duty]:
    """Return who is on duty in the span, all over the province: no names. Who can not be rung does not count."""
    return [duty for _, duty in _duties_by_account(span)]


def coverage(span: Span) -> Coverage:
    return Coverage.of(duties(span), span)


def find_holes(span: Span) -> list[Hole]:
    """Return every hole of every region and proven skill in the span."""
    return holes(coverage(span), regions(), proven_skills())


def next_hole(span: Span) -> Hole | None:
    """Return the first hole of the span; None also where nobody was ever rostered: that is not used here."""
    with database_scope({EVERYTHING}):
        if not Shift.objects.exists():
            return None
    return min(find_holes(span), key=lambda hole: hole.start, default=None)


@dataclass(frozen=True, slots=True)
class Change:
    """What is thought of: with `skill` None the account is off for the span; else it is on duty in `region`."""

    account: int
    start: datetime
    end: datetime
    region: str = ""
    skill: str | None = None


def simulate(changes: Sequence[Change], span: Span) -> Difference:
    """Return which holes the changes would open and close in the span. Saves nothing."""
    before = _duties_by_account(span)
    after = before
    for change in changes:
        after = _changed(after, change)
    codes, proven = regions(), proven_skills()
    return difference(
        holes(Coverage.of([duty for _, duty in before], span), codes, proven),
        holes(Coverage.of([duty for _, duty in after], span), codes, proven),
    )


def off(account: int, start: datetime, end: datetime) -> Difference:
    """Return the holes that it would open if the account were off from `start` until `end`."""
    return simulate([Change(account, start, end)], Span(start, end))


def _duties_by_account(span: Span) -> list[tuple[int, Duty]]:
    with database_scope({EVERYTHING}):
        rows = between(
            Shift.objects.filter(account__is_active=True, account__seat__active=True), span
        ).values_list("account_id", "region_id", "skill_id", "starts_at", "ends_at")
        return [
            (account, Duty(region, skill, start, end))
            for account, region, skill, start, end in rows.order_by()
        ]


def _changed(known: Iterable[tuple[int, Duty]], change: Change) -> list[tuple[int, Duty]]:
    """Return the duties as one change leaves them; what an earlier change cut is cut further."""
    if change.skill is not None:
        return [*known, (change.account, Duty(change.region, change.skill, change.start, change.end))]
    gone = [Span(change.start, change.end)]
    return [
        (account, Duty(duty.region, duty.skill, *part))
        for account, duty in known
        for part in (
            without([Span(duty.start, duty.end)], gone)
            if account == change.account
            else [Span(duty.start, duty.end)]
        )
    ]


def alarms(account: Account) -> QuerySet[Alarm]:
    """The alarms that are open where the account sees rosters."""
    rows: QuerySet[Alarm] = Alarm.objects.visible_to(account, VIEW)
    return rows.filter(closed_at=None).select_related("region", "skill")


def alarmed(codes: Iterable[str]) -> int:
    """Return how many alarms are open in these regions: one for each hole. Read with everything in reach, as the holes are."""
    with database_scope({EVERYTHING}):
        return Alarm.objects.filter(closed_at=None, region__in=codes).count()


def reached(account: Account, codes: Iterable[str]) -> list[str]:
    """Keep the regions in which the account sees rosters, and the steps above them."""
    prefixes = [reach.prefix for reach in account.reaches(VIEW)]
    own = [code for code in codes if any(prefix_of(code).startswith(p) for p in prefixes)]
    above = {step for code in own for step in ladder(code)}
    return [code for code in codes if code in above]


def route_answers(call_id: str) -> QuerySet[RouteAnswer]:
    """Why a call went where it went: every answer that was given for it, oldest first."""
    return RouteAnswer.objects.filter(call_id=call_id[:128]).order_by("pk")
