"""Proposals: which open apprentice goes to which mentor. The engine proposes, people decide."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from django.db.models import Count
from django.utils import timezone

from yanzhen.domains.craftsmen.guards import CAPACITY
from yanzhen.domains.craftsmen.models import Mentorship, Seeking
from yanzhen.domains.craftsmen.queries.people import highest_held
from yanzhen.domains.craftsmen.queries.registers import seekings
from yanzhen.domains.craftsmen.rules import TOO_FAR, misfit
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.matching.pairs import Offers, Why, pair
from yanzhen.engines.matching.panels import Stamp
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import EVERYTHING, database_scope

MOST = 500
"""Open apprentices that are matched at a time, those who wait longest first."""
WORDS = {
    Why.NO_CANDIDATE: "本人权限范围内没有可带徒的称号获得者",
    Why.FULL: "可选的师傅名额已满：请先增加师傅，或等待出师",
    Why.TOO_FAR: "没有合适的师傅",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    seeking: Seeking
    honour: Honour
    """The mentor's highest."""
    why: str


@dataclass(frozen=True, slots=True)
class Proposals:
    pairs: tuple[Proposal, ...]
    without: tuple[tuple[Seeking, str], ...]
    """Who stays without a mentor, and why."""
    stamp: Stamp | None
    """Seed and input, from which the same proposals come again; None where nobody seeks."""


def propose_pairs(account: Account, *, seed: int = 1) -> Proposals:
    """Return the best pairs for the open apprentices within reach. Nothing is written."""
    seekers = list(seekings(account)[:MOST])
    mentors = [h for h in highest_held(account).order_by("pk") if h.organisation]
    if not seekers:
        return Proposals((), (), None)
    by_seeker = {row.pk: row for row in seekers}
    by_mentor = {row.pk: row for row in mentors}
    found = pair(_offers(seekers, mentors), unserved=TOO_FAR, seed=seed)
    pairs = [
        Proposal(by_seeker[int(s)], by_mentor[int(m)], _why(by_seeker[int(s)], by_mentor[int(m)]))
        for s, m in zip(found.seekers, found.holders, strict=True)
    ]
    without = [(by_seeker[each.seeker], WORDS[each.why]) for each in found.unserved]
    return Proposals(tuple(pairs), tuple(without), found.stamp)


def _offers(seekers: list[Seeking], mentors: list[Honour]) -> Offers:
    """Offer every seeker every mentor but oneself."""
    places = _places(mentors)
    cells = [
        (s.pk, m.pk, misfit(_where(s), _where(m)))
        for s in seekers
        for m in mentors
        if s.person_id != m.person_id
    ]
    columns = np.array(cells, np.int64).reshape(-1, 3)
    return Offers(
        seekers=np.array([s.pk for s in seekers], np.int64),
        holders=np.array([m.pk for m in mentors], np.int64),
        places=np.array(places, np.int64),
        pairs=(columns[:, 0], columns[:, 1]),
        misfits=columns[:, 2],
    )


def _places(mentors: list[Honour]) -> list[int]:
    """Return how many more each may take; those who are proposed already count."""
    today = timezone.localdate()
    people = [m.person_id for m in mentors]
    with database_scope({EVERYTHING}):
        rows = Mentorship.objects.filter(mentor__in=people, state__in=("proposed", "active"))
        load = Counter(dict(rows.order_by().values_list("mentor_id").annotate(n=Count("pk"))))
    return [
        max(int(parameters.get(CAPACITY, on=today, region=m.region_id).value) - load[m.person_id], 0)
        for m in mentors
    ]


def _where(row: Seeking | Honour) -> tuple[int, str, str]:
    body = row.organisation
    return (body.pk, row.region_id, body.industry) if body else (0, row.region_id, "")


def _why(seeking: Seeking, honour: Honour) -> str:
    one, other = _where(seeking), _where(honour)
    if one[0] == other[0]:
        place = "同单位"
    elif one[1][:6] == other[1][:6]:
        place = "同县区"
    else:
        place = "同市" if one[1][:4] == other[1][:4] else "跨市"
    if one[2] and one[2][:3] == other[2][:3]:
        return f"{place}，同行业大类"
    return f"{place}，{'同行业门类' if one[2] and one[2][:1] == other[2][:1] else '行业不同或未登记'}"
