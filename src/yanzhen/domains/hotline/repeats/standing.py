"""Where a case stands in a group. Read by the rules of its moves, so nothing here looks at what the reader may see."""

from __future__ import annotations

from django.db.models import QuerySet

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats.models import Member


def membership(case: Case) -> Member | None:
    """Return the place of the case in its group; None where it is in none."""
    return Member.objects.filter(case=case.pk, left_at=None).first()


def waiting(group: int) -> QuerySet[Member]:
    """The members that are to be answered with their lead and have not been."""
    return Member.objects.filter(group=group, leads=False, left_at=None, answered_at=None)


def lead_of(case: Case) -> Member | None:
    """Return the lead that the case waits for; None where it stands alone, leads, or was answered. One statement."""
    return Member.objects.filter(
        leads=True,
        left_at=None,
        group__members__case=case.pk,
        group__members__leads=False,
        group__members__left_at=None,
        group__members__answered_at=None,
    ).first()


def followers(case: Case) -> int:
    """Return how many members wait for the case. One statement."""
    return Member.objects.filter(
        leads=False,
        left_at=None,
        answered_at=None,
        group__members__case=case.pk,
        group__members__leads=True,
        group__members__left_at=None,
    ).count()
