"""Who holds what, and who teaches whom: by person, for conditions, panels and a worker's own record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from yanzhen.domains.craftsmen.models import Mentorship, Sanction, Seeking
from yanzhen.domains.craftsmen.titles import RANKS, Role
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.honours.queries import register
from yanzhen.foundation.models import Account, Person
from yanzhen.foundation.scope import EVERYTHING, database_scope


@dataclass(frozen=True, slots=True)
class Tie:
    """Two people who may not judge each other, the smaller id first, and what ties them."""

    one: int
    other: int
    kind: str
    """"mentor": the one taught or teaches the other; "same_mentor": both learnt or learn from one."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """What a worker reads of an own mentorship."""

    number: str
    mentor: str
    """Masked."""
    title: str
    role: Role
    state: str
    trade: str
    starts_on: date
    ends_on: date
    next_step: str
    next_due_on: date | None


def _rank(path: str = "title") -> Case:
    whens = [When(**{path: code}, then=Value(rank)) for code, rank in RANKS.items()]
    return Case(*whens, default=Value(0), output_field=IntegerField())


def in_good_standing(today: date) -> Q:
    """Honours of the ladder that count on `today`: neither suspended nor withdrawn, and not over."""
    return Q(title__in=list(RANKS), state__in=Honour.GOOD) & (Q(term_until=None) | Q(term_until__gte=today))


def held(account: Account) -> QuerySet[Honour]:
    """The ladder's honours in good standing that the account may see: as many rows of a person as titles."""
    return register(account).filter(in_good_standing(timezone.localdate()))


def highest_held(account: Account) -> QuerySet[Honour]:
    """Of each person the honour of the highest title: one row for a person, whatever else the person holds."""
    rows = held(account)
    ranked = rows.annotate(rank=_rank())
    higher = held(account).select_related(None).annotate(rank=_rank())
    better = higher.filter(person=OuterRef("person"), rank__gt=OuterRef("rank"))
    return ranked.filter(~Exists(better.order_by()))


def sanctions(account: Account) -> QuerySet[Sanction]:
    rows: QuerySet[Sanction] = Sanction.objects.visible_to(account, "sanction.view")
    return rows.select_related("region", "entered_by")


def conflicts_of(person_ids: Collection[int]) -> list[Tie]:
    """Return who of these people are tied by a mentorship that was confirmed at any time, or by a mentor in common.

    A review panel asks this, so that it is answered beyond anybody's reach; two statements at most.
    """
    asked = set(person_ids)
    with database_scope({EVERYTHING}):
        rows = Mentorship.objects.exclude(state__in=("proposed", "dropped")).filter(apprentice__in=asked)
        pairs = set(rows.values_list("mentor_id", "apprentice_id"))
    ties = {Tie(min(pair), max(pair), "mentor") for pair in pairs if set(pair) <= asked}
    taught: dict[int, set[int]] = defaultdict(set)
    for mentor, apprentice in pairs:
        taught[mentor].add(apprentice)
    for group in taught.values():
        ties |= {Tie(one, other, "same_mentor") for one, other in combinations(sorted(group), 2)}
    return sorted(ties, key=lambda tie: (tie.one, tie.other, tie.kind))


def mentors_of(person: Person) -> list[Teacher]:
    """Return the person's mentorships, the present one first: the worker's own, so beyond the wall."""
    with database_scope({EVERYTHING}):
        rows = Mentorship.objects.filter(apprentice=person).exclude(state="dropped")
        rows = rows.prefetch_related("milestones").order_by("ended_at", "-started_at")
        return [_teacher(row) for row in rows]


def person_of(row: Honour | Seeking) -> Person:
    """Return whom a row is about that was read in reach: the person itself may lie elsewhere."""
    with database_scope({EVERYTHING}):
        return row.person


def _teacher(row: Mentorship) -> Teacher:
    coming = next((m for m in row.milestones.all() if m.confirmed_at is None), None)
    return Teacher(
        number=row.number, mentor=row.mentor_mask, title=str(row.get_mentor_title_display()), role=row.role, state=row.stage.public_label,
        trade=row.trade, starts_on=row.starts_on, ends_on=row.ends_on,
        next_step=coming.text if coming else "", next_due_on=coming.due_on if coming else None,
    )  # fmt: skip
