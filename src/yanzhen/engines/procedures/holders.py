"""Who holds a right over a place: those of one unit, or those nearest to it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from yanzhen.foundation.models import Grant
from yanzhen.foundation.scope import DEPTHS, prefix_of


@dataclass(frozen=True, slots=True)
class Holder:
    account: int
    unit: int | None
    depth: int
    """Length of the region prefix that the grant covers: the longer, the nearer."""


class Holders:
    """Looks up each right of each place once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], list[Holder]] = {}

    def of_unit(self, unit: int, right: str, *, region: str, line: str) -> list[int]:
        """Return the accounts of the unit that hold the right there; where it has none, those nearest to the place."""
        own = sorted({h.account for h in self._over(right, region, line) if h.unit == unit})
        return own or self.nearest(right, region=region, line=line)

    def nearest(self, right: str, *, region: str, line: str) -> list[int]:
        """Return the accounts that hold the right at the lowest level where anybody does."""
        found = self._over(right, region, line)
        depth = max((h.depth for h in found), default=0)
        return sorted({h.account for h in found if h.depth == depth})

    def _over(self, right: str, region: str, line: str) -> list[Holder]:
        key = (right, region, line)
        if key not in self._known:
            self._known[key] = self._read(*key)
        return self._known[key]

    def _read(self, right: str, region: str, line: str) -> list[Holder]:
        prefix, today = prefix_of(region), timezone.localdate()
        above = {prefix[:n].ljust(6, "0"): n for n in DEPTHS if n <= len(prefix)}
        grants = Grant.objects.filter(
            Q(ends_on=None) | Q(ends_on__gt=today),
            Q(line=None) | Q(line=line),
            starts_on__lte=today,
            role__rights__contains=[right],
            region_id__in=above,
            account__is_active=True,
        )
        rows = grants.values_list("account_id", "account__organisation_id", "region_id")
        return [Holder(account, unit, above[code]) for account, unit, code in rows]
