"""What the settings pages list: accounts with their grants, parameters with their history, the years of the calendar."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from yanzhen.foundation.models import Account, CalendarYear, Grant, Line, Parameter, Role, Token
from yanzhen.foundation.scope import Reach


def accounts(reaches: Iterable[Reach], text: str = "") -> QuerySet[Account]:
    """Accounts with a grant within `reaches`, and those that have none yet, by name."""
    mine = Q(grants=None)
    for reach in reaches:
        mine |= Q(grants__region__code__startswith=reach.prefix) & (
            Q(grants__line=reach.line) if reach.line else Q()
        )
    rows = Account.objects.filter(mine).distinct().select_related("organisation").order_by("name", "pk")
    return rows.filter(Q(name__contains=text) | Q(username__contains=text)) if text else rows


def grants_of(account: Account) -> QuerySet[Grant]:
    """The grants in force or to come, then those that are over."""
    return account.grants.select_related("role", "region", "line").order_by("ends_on", "pk")


def tokens_of(account: Account) -> QuerySet[Token]:
    return account.tokens.filter(revoked_at=None).order_by("pk")


def roles() -> QuerySet[Role]:
    return Role.objects.order_by("name")


def department_lines() -> QuerySet[Line]:
    return Line.objects.all()


def parameters_in_force() -> QuerySet[Parameter]:
    """The values in force today, by code and region; those of regions stand beside everybody's."""
    today = timezone.localdate()
    rows = Parameter.objects.filter(Q(ends_on=None) | Q(ends_on__gt=today), starts_on__lte=today)
    return rows.select_related("region").order_by("code", "region_id")


def parameter_history(code: str) -> QuerySet[Parameter]:
    return Parameter.objects.filter(code=code).select_related("region").order_by("region_id", "-starts_on")


def calendar_years() -> QuerySet[CalendarYear]:
    return CalendarYear.objects.annotate(listed=Count("days")).order_by("-year")
