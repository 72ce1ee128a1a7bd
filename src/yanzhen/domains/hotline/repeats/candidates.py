"""Cases that may be about the same matter, for staff alone: each with its score and the reasons for it.

The one outside is never told that there is any: not even that something matches (docs/rules/repeats.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.db.models import Q, QuerySet
from django.utils import timezone

from yanzhen.domains.hotline.hotspots.sources import KIND
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.names import keys_of
from yanzhen.domains.hotline.places import digits_of
from yanzhen.domains.hotline.queries import worklist
from yanzhen.domains.hotline.repeats.models import Member, Trace
from yanzhen.domains.hotline.repeats.traces import name_hash, window
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.domains.hotline.secrecy import CALLER, STORY, hidden_from
from yanzhen.engines.similarity.fingerprint import Answer
from yanzhen.engines.similarity.index import Found, matches
from yanzhen.engines.similarity.index import candidates as alike
from yanzhen.engines.similarity.sources import Words
from yanzhen.engines.similarity.text import name_normal, same_firm, without_names
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account, Organisation
from yanzhen.foundation.organisations import called
from yanzhen.foundation.people import phone_problem

WEIGHTS: Mapping[str, int] = MappingProxyType(
    {"phone": 40, "unit": 20, "employer": 20, "place": 10, "same": 50, "overlaps": 35, "related": 15}
)
"""Our own judgement (grade D), shown with every candidate. Of unit and employer the one that holds counts once."""
LEAST = 30
"""One employer alone is no hint, nor is a place: many appeals share them."""
MOST = 100
SHOWN = 10
PER_SOURCE = 50
"""The newest of each source that are looked at."""
SAYS = {
    Answer.SAME: "内容几乎相同（相似度 {:.0%}）",
    Answer.OVERLAPS: "内容有一半以上重合（重合 {:.0%}）",
    Answer.RELATED: "部分内容相近（重合 {:.0%}）",
}


@dataclass(frozen=True, slots=True)
class Reason:
    weight: int
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """`score` is the sum of the weights, 100 at most; `hidden` are fields that are not to be shown to the reader."""

    case: Case
    score: int
    reasons: tuple[Reason, ...]
    hidden: frozenset[str]
    grouped: bool
    """Whether it is in a group already."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is compared of an appeal that is being typed, or of a case."""

    phone_hash: bytes | None
    unit: tuple[str, ...]
    """Keys of all names of the registered unit that it is against; () where no unit or several go by that name."""
    employer: str
    """As it was given."""
    place: str
    """The core of it."""
    text: str
    """Title and body, by which candidates are looked up; what is compared is the body, whatever title it was given."""
    body: str
    case: int | None = None


def sought_of(about: Case | Appeal) -> Sought:
    text = Words(about.title, about.body).whole.strip()
    employer, place = about.employer.strip(), name_normal(about.place)
    if isinstance(about, Case):
        phone = bytes(about.phone_hash) if about.phone_hash else None
        return Sought(phone, _unit(about.employer), employer, place, text, about.body, about.pk)
    typed = about.phone.strip()
    phone = (
        crypto.keyed_hash(digits_of(typed), purpose="phone") if typed and not phone_problem(typed) else None
    )
    return Sought(phone, _unit(about.employer), employer, place, text, about.body)


def _unit(name: str) -> tuple[str, ...]:
    name = name.strip()
    units = list(called(name)[:2]) if name else []
    return keys_of(units[0]) if len(units) == 1 else ()


def candidates(about: Case | Appeal, account: Account, *, now: datetime | None = None) -> list[Candidate]:
    """Return the likely repeats that the account may see, the likeliest first, at most ten: six statements,
    one more where it is against a registered unit and others go by nearly its name.

    None of a case whose own story is kept from the account: what is like it would tell it.
    """
    if isinstance(about, Case) and hidden_from(account, about) & STORY:
        return []
    sought = sought_of(about)
    seen = worklist(account).filter(_lately(now or timezone.now())).exclude(pk=sought.case or 0)
    ids = _named(sought, seen) | _worded(sought)
    rows = list(seen.filter(pk__in=ids)) if ids else []
    likeness = {f.record: f for f in _compared(sought, rows)}
    others = _other_units(sought, rows)
    groups = _groups([row.pk for row in rows], sought.case)
    own = groups.get(sought.case) if sought.case else None
    found = []
    for row in rows:
        hidden = hidden_from(account, row)
        reasons = tuple(_reasons(sought, row, likeness.get(row.pk), hidden, others))
        score = min(sum(reason.weight for reason in reasons), MOST)
        if score >= LEAST and (own is None or groups.get(row.pk) != own):
            found.append(Candidate(row, score, reasons, hidden, row.pk in groups))
    return sorted(found, key=lambda c: (-c.score, -c.case.received_at.timestamp(), c.case.pk))[:SHOWN]


def _lately(now: datetime) -> Q:
    """Repeats of what is over are looked for within a month, duplicates of what is open for longer."""
    return Q(received_at__gte=now - window("hotline.repeat_window")) | Q(
        ended_at=None, received_at__gte=now - window("hotline.duplicate_window")
    )


def _named(sought: Sought, seen: QuerySet[Case]) -> set[int]:
    """Return the newest cases with the same phone, unit, employer or place. One statement."""
    bare = seen.select_related(None).order_by("-received_at", "-pk")
    traced = {"employer": name_hash(sought.employer), "place": name_hash(sought.place)}
    sources = [
        bare.filter(pk__in=Trace.objects.filter(**{name: value}).values("record")).values("pk")[:PER_SOURCE]
        for name, value in traced.items()
        if value is not None
    ]
    if sought.unit:
        sources.append(bare.filter(employer_key__in=sought.unit).values("pk")[:PER_SOURCE])
    if sought.phone_hash:
        sources.append(bare.filter(phone_hash=sought.phone_hash).values("pk")[:PER_SOURCE])
    if not sources:
        return set()
    union = sources[0].union(*sources[1:]) if len(sources) > 1 else sources[0]
    return {row["pk"] for row in union}


def _worded(sought: Sought) -> set[int]:
    """Return cases, of any place, whose texts share keys. Two statements."""
    without = [sought.case] if sought.case else []
    return {m.record for m in alike(KIND, sought.text, PER_SOURCE, without=without)} if sought.text else set()


def _compared(sought: Sought, rows: Sequence[Case]) -> list[Found]:
    """Compare what is told without the names of the employers of both: who it is about counts by itself, and once."""
    if not sought.body:
        return []
    told: dict[str, dict[int, str]] = defaultdict(dict)
    for row in rows:
        told[row.employer][row.pk] = row.body
    found = []
    for employer, bodies in told.items():
        names = (sought.employer, *sought.unit, employer)
        bare = {pk: without_names(body, names) for pk, body in bodies.items()}
        found += matches(KIND, without_names(sought.body, names), bare)
    return found


def _other_units(sought: Sought, rows: Sequence[Case]) -> frozenset[str]:
    """Return the employers of nearly the same name that are registered units of their own: one statement, or none."""
    if not sought.unit:
        return frozenset()
    near = (row for row in rows if row.employer_key not in sought.unit)
    names = {row.employer for row in near if same_firm(row.employer, sought.employer)}
    if not names:
        return frozenset()
    units = Organisation.objects.filter(Q(name__in=names) | Q(aliases__overlap=list(names)), valid_to=None)
    registered = {name for unit in units for name in (unit.name, *unit.aliases)}
    return frozenset(names & registered)


def _groups(rows: Sequence[int], own: int | None) -> dict[int, int]:
    """Return the group of each of the cases that is in one. One statement."""
    if not rows:
        return {}
    members = Member.objects.filter(case__in=[*rows, *([own] if own else [])], left_at=None)
    return dict(members.values_list("case_id", "group_id"))


def _reasons(
    sought: Sought, row: Case, likeness: Found | None, hidden: frozenset[str], others: frozenset[str]
) -> Iterator[Reason]:
    """Say what agrees; `others` are employers that are not the one sought. What is hidden of a secret case is not hinted
    at either."""
    if (
        sought.phone_hash
        and row.phone_hash
        and bytes(row.phone_hash) == sought.phone_hash
        and not hidden & CALLER
    ):
        yield Reason(WEIGHTS["phone"], "来电号码相同")
    if hidden & STORY:
        return
    if row.employer_key in sought.unit:
        yield Reason(WEIGHTS["unit"], f"反映的是同一登记单位：{row.employer}")
    elif sought.employer and row.employer not in others and same_firm(row.employer, sought.employer):
        yield Reason(WEIGHTS["employer"], f"涉事单位相同：{row.employer}")
    if sought.place and name_normal(row.place) == sought.place:
        yield Reason(WEIGHTS["place"], f"事发地点相同：{row.place}")
    if likeness:
        share = likeness.resemblance if likeness.answer is Answer.SAME else likeness.containment
        yield Reason(WEIGHTS[likeness.answer], SAYS[likeness.answer].format(share))
