"""Mentorships, wishes for a mentor, studios and instalments, as an account may see them."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Count, Prefetch, Q, QuerySet, Sum, prefetch_related_objects

from yanzhen.domains.craftsmen.models import Grant, Instalment, Mentorship, Milestone, Seeking, Studio
from yanzhen.engines.procedures.queries import seen_by
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import Scoped

M = TypeVar("M", bound=Scoped)
VIEW, STUDIO = "mentorship.view", "studio.view"


def mentorships(account: Account) -> QuerySet[Mentorship]:
    return seen_by(Mentorship, account)


def milestones(account: Account) -> QuerySet[Milestone]:
    rows: QuerySet[Milestone] = Milestone.objects.visible_to(account, VIEW)
    return rows.select_related("mentorship")


def milestones_of(mentorship: Mentorship) -> list[Milestone]:
    """The steps of a mentorship that was read in reach."""
    return list(mentorship.milestones.select_related("reported_by", "confirmed_by"))


def seekings(account: Account) -> QuerySet[Seeking]:
    """Open wishes for a mentor, the oldest first."""
    rows: QuerySet[Seeking] = Seeking.objects.visible_to(account, VIEW)
    return rows.filter(closed_at=None).select_related("organisation", "region")


def studios(account: Account) -> QuerySet[Studio]:
    """Studios with what they were granted and what was paid of it, in yuan."""
    rows: QuerySet[Studio] = Studio.objects.visible_to(account, STUDIO)
    return rows.select_related("organisation", "region").annotate(
        granted=Sum("grants__instalments__amount_yuan", filter=~Q(grants__instalments__state="cancelled")),
        paid=Sum("grants__instalments__amount_yuan", filter=Q(grants__instalments__state="paid")),
        parts=Count("grants__instalments"),
    )


def grants_of(studio: Studio) -> list[Grant]:
    """The grants of a studio that was read in reach, each with its instalments in order."""
    parts = Prefetch("instalments", queryset=Instalment.objects.order_by("order"))
    return list(studio.grants.select_related("made_by").prefetch_related(parts))


def with_places(rows: list[M]) -> list[M]:
    """Bring along what a page of rows names, a statement each."""
    prefetch_related_objects(rows, "region")
    return rows


def instalments(account: Account) -> QuerySet[Instalment]:
    return seen_by(Instalment, account).select_related("grant")
