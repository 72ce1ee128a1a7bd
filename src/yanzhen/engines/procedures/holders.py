"""Who holds a right over a place: those of one unit, or those nearest to it, save whom the subject is kept from."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from yanzhen.engines.procedures.models import Subject
from yanzhen.foundation.models import Account, Grant
from yanzhen.foundation.scope import DEPTHS, prefix_of


@dataclass(frozen=True, slots=True)
class Holder:
    account: Account
    depth: int
    """Length of the region prefix that the grant covers: the longer, the nearer."""


class Holders:
    """Looks up each right of each place once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], list[Holder]] = {}

    def of_unit(self, unit: int, right: str, about: Subject, *, region: str, line: str) -> list[int]:
        """Return the accounts of the unit that hold the right there; where it has none, those nearest to the place."""
        found = self._over(right, about, region, line)
        own = sorted({h.account.pk for h in found if h.account.organisation_id == unit})
        return own or self.nearest(right, about, region=region, line=line)

    def nearest(self, right: str, about: Subject, *, region: str, line: str) -> list[int]:
        """Return the accounts that hold the right at the lowest level where anybody does."""
        found = self._over(right, about, region, line)
        depth = max((h.depth for h in found), default=0)
        return sorted({h.account.pk for h in found if h.depth == depth})

    def _over(self, right: str, about: Subject, region: str, line: str) -> list[Holder]:
        key = (right, region, line)
        if key not in self._known:
            self._known[key] = self._read(*key)
        return [h for h in self._known[key] if not about.is_kept_from(h.account)]

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
        rows = grants.select_related("account__organisation")
        return [Holder(grant.account, above[grant.region_id]) for grant in rows]
