"""Organisations and accounts as a form offers them or a page names them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from yanzhen.foundation.models import Account, Grant, Organisation
from yanzhen.foundation.regions import prefixes
from yanzhen.foundation.scope import DEPTHS, Reach, prefix_of


def account_names(ids: Iterable[int]) -> dict[int, str]:
    return {row.pk: str(row) for row in Account.objects.filter(pk__in=set(ids)).only("name", "username")}


def accounts_called(username: str) -> list[int]:
    """Return the id of the account of that name, in a list: empty where there is none."""
    return list(Account.objects.filter(username=username).values_list("pk", flat=True))


def named(model: type[Account | Organisation], part: str, most: int) -> list[int] | None:
    """Return the ids of those that have `part` in their name; None where they are more than `most`."""
    found = list(model._default_manager.filter(name__contains=part).values_list("pk", flat=True)[: most + 1])
    return found if len(found) <= most else None


def around(region: str) -> QuerySet[Organisation]:
    """Bodies that may be charged with a matter of the region: those of its subtree and of the levels above it.

    Enterprises are left out: they are whom matters are about, and there are too many for a list.
    """
    prefix = prefix_of(region)
    above = [prefix[:n].ljust(6, "0") for n in DEPTHS if n < len(prefix)]
    return _bodies().filter(_below(prefixes(region)) | Q(region_id__in=above))


def within(reaches: Iterable[Reach]) -> QuerySet[Organisation]:
    """Bodies that lie in one of `reaches`, whatever their line."""
    return _bodies().filter(_below(reach.prefix for reach in reaches))


def members(organisations: Iterable[int], right: str = "") -> QuerySet[Account]:
    """The active accounts of the organisations, by organisation; with `right` those who hold it somewhere."""
    rows = Account.objects.filter(is_active=True, organisation_id__in=list(organisations))
    if right:
        rows = rows.filter(
            pk__in=Grant.objects.filter(role__rights__contains=[right], ends_on=None).values("account")
        )
    return rows.select_related("organisation").order_by("organisation__region_id", "organisation_id", "name")


def holders(right: str) -> QuerySet[Account]:
    """The active accounts that hold `right` somewhere, by organisation."""
    holding = Grant.objects.filter(role__rights__contains=[right], ends_on=None).values("account")
    rows = Account.objects.filter(is_active=True, pk__in=holding)
    return rows.select_related("organisation").order_by("organisation__region_id", "organisation_id", "name")


def _bodies() -> QuerySet[Organisation]:
    rows: QuerySet[Organisation] = Organisation.objects.filter(valid_to=None)
    return (
        rows.exclude(kind=Organisation.Kind.ENTERPRISE)
        .select_related("region")
        .order_by("region_id", "line_id", "pk")
    )


def _below(prefixes_: Iterable[str]) -> Q:
    found = Q(pk=None)
    for prefix in prefixes_:
        found |= Q(region__code__startswith=prefix)
    return found


def demo_accounts() -> QuerySet[Account]:
    """The accounts of the demo that somebody may log in as, in the order in which they were made."""
    return Account.objects.filter(is_active=True).order_by("pk")
