"""What registers and settings list: organisations, people, accounts with their grants, parameters, the calendar."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from yanzhen.faces import staff
from yanzhen.foundation.models import (
    Account,
    CalendarYear,
    Employment,
    Grant,
    Line,
    Organisation,
    Parameter,
    Person,
    Record,
    Role,
    Token,
)
from yanzhen.foundation.records import history
from yanzhen.foundation.regions import prefixes
from yanzhen.foundation.scope import Reach

LONGEST = 200
"""Children or looks that a page shows."""


def accounts(reaches: Iterable[Reach], text: str = "") -> QuerySet[Account]:
    """Accounts with a grant within `reaches`, and those without any whose organisation lies there, by name."""
    reaches = list(reaches)
    held = Grant.objects.filter(account=OuterRef("pk")).exclude(ends_on__lte=timezone.localdate())
    mine = ~Exists(held) & Q(organisation__audience__overlap=[reach.key for reach in reaches])
    for reach in reaches:
        mine |= Q(grants__region__code__startswith=reach.prefix) & (
            Q(grants__line=reach.line) if reach.line else Q()
        )
    rows = Account.objects.filter(mine).distinct().select_related("organisation").order_by("name", "pk")
    return rows.filter(Q(name__contains=text) | Q(username__contains=text)) if text else rows


def bodies_of_accounts(account: Account) -> QuerySet[Organisation]:
    """Bodies in which the account may open others: where it looks after accounts, on the body's own line."""
    mine = Organisation.objects.visible_to(account, "account.edit")
    return staff.within(account.reaches("account.edit")).filter(pk__in=mine)


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


def organisations(
    account: Account, *, text: str = "", region: str = "", kind: str = ""
) -> QuerySet[Organisation]:
    """Organisations that the account may see, also those no longer in force.

    `text` is a part of the name, a whole alias or a whole credit code; `region` the code of a subtree.
    """
    rows: QuerySet[Organisation] = Organisation.objects.visible_to(account, "organisation.view")
    if region:
        rows = rows.within(prefixes(region))  # type: ignore[attr-defined]  # a scoped row's
    if kind:
        rows = rows.filter(kind=kind)
    if text:
        rows = rows.filter(Q(name__contains=text) | Q(aliases__contains=[text]) | Q(uscc=text.upper()))
    return rows


def children_of(organisation: Organisation, account: Account) -> QuerySet[Organisation]:
    """The organisations right below it that the account may see, LONGEST at most."""
    rows = organisations(account).filter(parent=organisation).select_related("region")
    return rows.order_by("region_id", "pk")[:LONGEST]


def employed_at(organisation: Organisation) -> int:
    """How many employments last there today; who they are is the business of the register of people."""
    return organisation.employments.filter(_lasting()).count()


def people(account: Account, *, name: str = "", region: str = "") -> QuerySet[Person]:
    """People whom the account may see; `name` is the beginning of the name, `region` the code of a subtree."""
    rows: QuerySet[Person] = Person.objects.visible_to(account, "person.view")
    if region:
        rows = rows.within(prefixes(region))  # type: ignore[attr-defined]  # a scoped row's
    return rows.filter(name__startswith=name) if name else rows


def employers_of(people: Iterable[Person]) -> dict[int, list[str]]:
    """The names of the organisations where each of `people` works today, by id of the person. One statement."""
    found: dict[int, list[str]] = {}
    lasting = Employment.objects.filter(_lasting(), person__in=list(people)).order_by("pk")
    for person, name in lasting.values_list("person_id", "organisation__name"):
        found.setdefault(person, []).append(name)
    return found


def employments_of(person: Person) -> QuerySet[Employment]:
    return person.employments.select_related("organisation").order_by("-starts_on", "-pk")


def looks_at(person: Person) -> QuerySet[Record]:
    """Who had something of the person shown in full, the latest first, LONGEST at most."""
    return history(person).filter(verb="reveal").order_by("-id")[:LONGEST]


def _lasting() -> Q:
    today = timezone.localdate()
    return (Q(ends_on=None) | Q(ends_on__gt=today)) & Q(starts_on__lte=today)
