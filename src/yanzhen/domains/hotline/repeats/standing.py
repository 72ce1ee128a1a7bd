"""Where a case stands in a group. Read by the rules of its moves, so nothing here looks at what the reader may see."""

from __future__ import annotations

from django.db.models import QuerySet, prefetch_related_objects

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats.models import Member


def membership(case: Case) -> Member | None:
    """Return the place of the case in its group; None where it is in none."""
    return Member.objects.filter(case=case.pk, left_at=None).first()


def waiting(group: int) -> QuerySet[Member]:
    """The members that are to be answered with their lead and have not been."""
    return Member.objects.filter(group=group, leads=False, left_at=None, answered_at=None)


def lead_of(case: Case) -> Member | None:
    """Return the lead that the case waits for; None where it stands alone, leads, or was answered."""
    mine = _place(case)
    if mine is None or mine.leads or mine.answered_at:
        return None
    return next((m for m in mine.group.members.all() if m.leads and m.left_at is None), None)


def followers(case: Case) -> int:
    """Return how many members wait for the case."""
    mine = _place(case)
    if mine is None or not mine.leads:
        return 0
    return sum(not m.leads and m.left_at is None and m.answered_at is None for m in mine.group.members.all())


def _place(case: Case) -> Member | None:
    return next((m for m in memberships(case) if m.left_at is None), None)


def memberships(case: Case) -> list[Member]:
    """Return all places that the case has or had, read once for a row as it was read: one statement, three where there
    are any.

    The engine reads the row afresh, under its lock, before it asks the rules.
    """
    prefetch_related_objects([case], "memberships__group__members")
    return list(case.memberships.all())
