"""The formation (雁阵): leads, wings and followers by region or industry, and how healthy it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from yanzhen.domains.craftsmen.guards import CAPACITY
from yanzhen.domains.craftsmen.models import Mentorship, Milestone, Seeking
from yanzhen.domains.craftsmen.queries.people import highest_held
from yanzhen.domains.craftsmen.queries.registers import mentorships, seekings
from yanzhen.domains.craftsmen.sections import SECTIONS, section_of
from yanzhen.domains.craftsmen.titles import Role, role_of
from yanzhen.engines.honours.models import Honour
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.regions import prefixes

HEALTHY = "craftsmen.healthy_apprentices"
UNKNOWN, NOWHERE = "", "未归入"


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


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the formation, counted once: by the honour of the highest title, or by the mentorship."""

    key: str
    role: Role
    person: int
    honour: int | None = None
    mentorship: int | None = None


def formation(account: Account, region: Region, by: str = "region") -> Formation:
    """Return the formation of a region's subtree by "region" (its children) or "industry", within the account's reach."""
    members = _members(account, region, by)
    counts: dict[str, Counter[Role]] = defaultdict(Counter)
    for member in members:
        counts[member.key][member.role] += 1
    places, _part = _parts(region, by)
    keys = {*counts, *(places if by == "region" else ())}
    flocks = tuple(
        sorted((_flock(k, places, counts[k]) for k in keys), key=lambda f: (-f.size, not f.key, f.key))
    )
    whole = _flock(region.code, {region.code: str(region)}, sum(counts.values(), Counter()))
    return Formation(by, flocks, whole, _health(account, region, members, flocks))


def holders(
    account: Account, region: Region, by: str, *, role: Role, key: str | None = None, teaching: bool = False
) -> QuerySet[Honour]:
    """The honours by which leads or wings are counted, of one flock or (key None) of all; `teaching` leaves the healthy."""
    found = [m for m in _members(account, region, by) if m.role == role and key in (None, m.key)]
    if teaching:
        load, wanted = _load(_active(account, region)), _number(HEALTHY, region)
        found = [m for m in found if load[m.person] >= wanted]
    return highest_held(account).filter(pk__in=[m.honour for m in found])


def followers(account: Account, region: Region, by: str, *, key: str | None = None) -> QuerySet[Mentorship]:
    """The mentorships by which followers are counted."""
    found = [m for m in _members(account, region, by) if m.mentorship and key in (None, m.key)]
    return mentorships(account).filter(pk__in=[m.mentorship for m in found])


def of_full_mentors(account: Account, region: Region) -> QuerySet[Mentorship]:
    """The mentorships of those who have as many apprentices as they may."""
    active, most = _active(account, region), _number(CAPACITY, region)
    return active.filter(mentor__in=[mentor for mentor, n in _load(active).items() if n >= most])


def waiting(account: Account, region: Region) -> QuerySet[Seeking]:
    rows: Any = seekings(account)
    return rows.within(prefixes(region.code))  # type: ignore[no-any-return]  # scoped


def overdue(account: Account, region: Region) -> QuerySet[Milestone]:
    """Milestones past their day that nobody confirmed, the longest overdue first."""
    rows = Milestone.objects.filter(
        Q(mentorship__in=_active(account, region).values("pk")),
        due_on__lt=timezone.localdate(),
        confirmed_at=None,
    )
    return rows.select_related("mentorship").order_by("due_on", "pk")


def label_of(region: Region, by: str, key: str | None) -> str:
    """Return what a flock is called; of all of them, the region."""
    return str(region) if key is None else _parts(region, by)[0].get(key, "") or NOWHERE


def _members(account: Account, region: Region, by: str) -> list[Member]:
    """Everybody once: whoever holds a title by the highest, and whoever learns and holds none."""
    inside = prefixes(region.code)
    holding: Any = highest_held(account)
    titled = holding.within(inside).values_list(
        "pk", "person_id", "title", "region_id", "organisation__industry"
    )
    learning = _active(account, region).values_list(
        "pk", "apprentice_id", "region_id", "organisation__industry"
    )
    _places, part = _parts(region, by)
    found = [
        Member(part(code, industry or ""), role_of(title), person, honour=pk)
        for pk, person, title, code, industry in titled
    ]
    taken = {member.person for member in found}
    found += [
        Member(part(code, industry or ""), Role.FOLLOWER, person, mentorship=pk)
        for pk, person, code, industry in learning
        if person not in taken
    ]
    return found


def _active(account: Account, region: Region) -> QuerySet[Mentorship]:
    rows: Any = mentorships(account).filter(state="active")
    return rows.within(prefixes(region.code))  # type: ignore[no-any-return]  # scoped


def _load(active: QuerySet[Mentorship]) -> Counter[int]:
    """Return how many apprentices each mentor has."""
    return Counter(dict(active.order_by().values_list("mentor_id").annotate(n=Count("pk"))))


def _number(code: str, region: Region) -> int:
    return int(parameters.get(code, on=timezone.localdate(), region=region.code).value)


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
    label = labels.get(key, "") or NOWHERE
    return Flock(key, label, counts[Role.LEAD], counts[Role.WING], counts[Role.FOLLOWER])


def _health(account: Account, region: Region, members: Iterable[Member], flocks: Iterable[Flock]) -> Health:
    wanted, capacity = _number(HEALTHY, region), _number(CAPACITY, region)
    load = _load(_active(account, region))
    leads = [member for member in members if member.role == Role.LEAD]
    teaching = sum(load[member.person] >= wanted for member in leads)
    return Health(
        wanted=wanted, leads=len(leads), leads_teaching=teaching,
        share=round(100 * teaching / len(leads)) if leads else None,
        without_lead=tuple(f.label for f in flocks if f.key and not f.leads),
        capacity=capacity, full=sum(n >= capacity for n in load.values()),
        waiting=waiting(account, region).count(), overdue=overdue(account, region).count(),
    )  # fmt: skip
