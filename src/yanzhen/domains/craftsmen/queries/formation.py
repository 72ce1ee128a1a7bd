"""The formation (雁阵): leads, wings and followers by region or industry, and how healthy it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from yanzhen.domains.craftsmen.guards import CAPACITY
from yanzhen.domains.craftsmen.models import Mentorship, Milestone
from yanzhen.domains.craftsmen.queries.people import highest_held
from yanzhen.domains.craftsmen.queries.registers import mentorships, seekings
from yanzhen.domains.craftsmen.sections import SECTIONS, section_of
from yanzhen.domains.craftsmen.titles import LEADS, Role, role_of
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.regions import prefixes

HEALTHY = "craftsmen.healthy_apprentices"
UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Flock:
    """One place of the formation: a region or an industry, with its people, each counted once."""

    key: str
    label: str
    leads: int
    wings: int
    followers: int

    @property
    def size(self) -> int:
        return self.leads + self.wings + self.followers


@dataclass(frozen=True, slots=True)
class Health:
    """How the formation stands today. Shares are in percent, None where nobody is there to be counted."""

    wanted: int
    """Apprentices that a lead should have (parameter)."""
    leads: int
    leads_teaching: int
    """Leads with at least as many."""
    share: int | None
    without_lead: tuple[str, ...]
    """Labels of the places that have no lead, whether anybody is there or not."""
    capacity: int
    full: int
    """Mentors who have as many as they may."""
    waiting: int
    """Open wishes for a mentor."""
    overdue: int
    """Milestones past their day that nobody confirmed."""


@dataclass(frozen=True, slots=True)
class Formation:
    by: str
    flocks: tuple[Flock, ...]
    """The largest first; places without anybody are there too where `by` is the region."""
    whole: Flock
    health: Health


def formation(account: Account, region: Region, by: str = "region") -> Formation:
    """Return the formation of a region's subtree by "region" (its children) or "industry", within the account's reach."""
    inside = prefixes(region.code)
    holding: Any = highest_held(account)
    titled = list(
        holding.within(inside).values_list("person_id", "title", "region_id", "organisation__industry")
    )
    active = mentorships(account).filter(state="active").within(inside)  # type: ignore[attr-defined]  # scoped
    holders = {person for person, *_ in titled}
    learning = active.values_list("apprentice_id", "region_id", "organisation__industry")
    places, part = _parts(region, by)
    counts: dict[str, Counter[Role]] = defaultdict(Counter)
    for _, title, code, industry in titled:
        counts[part(code, industry or "")][role_of(title)] += 1
    for person, code, industry in learning:
        if person not in holders:
            counts[part(code, industry or "")][Role.FOLLOWER] += 1
    keys = {*counts, *(places if by == "region" else ())}
    flocks = tuple(
        sorted((_flock(k, places, counts[k]) for k in keys), key=lambda f: (-f.size, not f.key, f.key))
    )
    whole = _flock(region.code, {region.code: str(region)}, sum(counts.values(), Counter()))
    return Formation(by, flocks, whole, _health(account, region, active, titled, flocks))


def _parts(region: Region, by: str) -> tuple[dict[str, str], Any]:
    """Return the labels of the parts by key, and what tells the key of (region code, industry)."""
    if by == "industry":
        return SECTIONS, lambda _code, industry: section_of(industry)
    children = list(region.children.filter(valid_to=None).exclude(level=Region.Level.ZONE))
    home = {prefix: child.code for child in children for prefix in prefixes(child.code)}
    length = len(next(iter(home), ""))
    return {child.code: child.short or child.name for child in children}, lambda code, _: home.get(
        code[:length], UNKNOWN
    )


def _flock(key: str, labels: Mapping[str, str], counts: Counter[Role]) -> Flock:
    label = labels.get(key, "") or "未归入"
    return Flock(key, label, counts[Role.LEAD], counts[Role.WING], counts[Role.FOLLOWER])


def _health(
    account: Account,
    region: Region,
    active: QuerySet[Mentorship],
    titled: Iterable[tuple[Any, ...]],
    flocks: Iterable[Flock],
) -> Health:
    today = timezone.localdate()
    wanted, capacity = (
        int(parameters.get(code, on=today, region=region.code).value) for code in (HEALTHY, CAPACITY)
    )
    load = Counter(dict(active.order_by().values_list("mentor_id").annotate(n=Count("pk"))))
    leads = [person for person, title, *_ in titled if title in LEADS]
    teaching = sum(load[person] >= wanted for person in leads)
    overdue = Milestone.objects.filter(
        Q(mentorship__in=active.values("pk")), due_on__lt=today, confirmed_at=None
    )
    return Health(
        wanted=wanted, leads=len(leads), leads_teaching=teaching,
        share=round(100 * teaching / len(leads)) if leads else None,
        without_lead=tuple(f.label for f in flocks if f.key and not f.leads),
        capacity=capacity, full=sum(n >= capacity for n in load.values()),
        waiting=seekings(account).within(prefixes(region.code)).count(),  # type: ignore[attr-defined]  # scoped
        overdue=overdue.count(),
    )  # fmt: skip
