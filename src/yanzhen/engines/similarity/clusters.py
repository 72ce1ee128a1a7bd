"""Items that mean the same thing, put together as they come in: each joins the cluster of the nearest earlier one.

Measured on real messages the rule equals clustering all of them at night, so nothing is ever clustered anew. A single
likeness can be chance, and chance chains: so two items that name different firms or places never join, however alike
their wording, and those that name the same one join sooner. The name itself is then no
likeness: two affairs of one firm stay two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest, Least

from yanzhen.engines.similarity import index
from yanzhen.engines.similarity.fingerprint import hash_of
from yanzhen.engines.similarity.models import Cluster, Key, Member
from yanzhen.engines.similarity.sources import SOURCES, Reading, Words
from yanzhen.engines.similarity.text import county_and_core, text_normal
from yanzhen.engines.similarity.themes import (
    Weights,
    cosine,
    heaviest,
    learn,
    terms_of_names,
    weights_of,
)

MOST_PER_KEY = 200
COMPARED = 16
"""Candidates that are compared; those that share most terms."""
LEARNT_FROM = 200_000
BATCH = 2000


class Home(NamedTuple):
    """A county: its code, and its name as names of firms say it."""

    code: str
    name: str


NOWHERE = Home("", "")


@dataclass(frozen=True, slots=True)
class Item:
    """What comes in; `names` are the firms and places that it names, `home` where it comes from.

    Where a name says no county it is taken for one of `home`: the same core in one county is the same firm. Of two
    counties only the same name is.
    """

    record: int
    words: Words
    at: datetime
    names: Sequence[str] = ()
    home: Home = NOWHERE


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item went: the cluster, and the item it is nearest to with their likeness (0 and None: a new one)."""

    cluster: int
    nearest: int | None
    likeness: float


@transaction.atomic
def join(kind: str, item: Item, texts: Reading) -> Place:
    """Put an item into the cluster of the nearest open one, or into a cluster of its own.

    `texts` reads the words of earlier items. May be run again: an item that has its place keeps it. Items of a kind
    take turns, so that two that come at once see each other.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('cluster:' || %s, 0))", [kind])
    member = Member.objects.filter(kind=kind, record=item.record).first()
    if member:
        return Place(member.cluster_id, None, 0.0)
    corpus, weights = index.live_corpus(_themes(kind)), weights_of(kind)
    said = _Said(item, weights)
    keys = sorted({*heaviest(said.besides), *said.names})
    found = [
        m.record for m in index.by_keys(corpus, keys, COMPARED, most=MOST_PER_KEY, without=[item.record])
    ]
    others = {m.record: m for m in Member.objects.filter(kind=kind, record__in=found, open=True)}
    near, likeness = _nearest(said, others, texts)
    cluster = _enter(kind, item, near)
    Member.objects.create(
        kind=kind, record=item.record, cluster_id=cluster, at=item.at, names=sorted(said.names)
    )
    index.add_keys(corpus, item.record, keys)
    return Place(cluster, near.record if near else None, likeness)


def close(kind: str, before: datetime) -> int:
    """Close items from before an instant: nothing joins them any more, and their keys go. Return how many."""
    closed = Member.objects.filter(kind=kind, open=True, at__lt=before).update(open=False)
    if closed:
        corpus = index.live_corpus(_themes(kind))
        still = Member.objects.filter(kind=kind, open=True).values("record")
        Key.objects.filter(corpus_id=corpus).exclude(record__in=still).delete()
    return closed


def learn_words(kind: str) -> int:
    """Learn from the newest texts of a kind which words are rare; return from how many, 0 where they are too few."""
    newest = Member.objects.filter(kind=kind).order_by("-at").values_list("record", flat=True)[:LEARNT_FROM]
    vocabulary = learn(kind, _reading(SOURCES[kind].texts, list(newest)))
    return vocabulary.documents if vocabulary else 0


def _reading(texts: Reading, records: list[int]) -> Iterable[Words]:
    for start in range(0, len(records), BATCH):
        yield from texts(records[start : start + BATCH]).values()


class _Said:
    """What an item says, with the names and besides them."""

    def __init__(self, item: Item, weights: Weights) -> None:
        given = [name for name in item.names if name.strip()]
        self.names = {key for name in given for key in _name_keys(name, item.home)}
        self.weights = weights
        self.of_names = terms_of_names(given)
        self.whole = weights.vector(item.words)
        self.besides = weights.vector(item.words, without=self.of_names)

    def is_like(self, words: Words, names: set[int]) -> float | None:
        """Return the likeness to an item with these names; None where it is not enough."""
        if not self.names & names:
            likeness = cosine(self.whole, self.weights.vector(words))
            return likeness if likeness >= self.weights.close and not (self.names and names) else None
        likeness = cosine(self.besides, self.weights.vector(words, without=self.of_names))
        return likeness if likeness >= self.weights.close_same_name else None


def _nearest(said: _Said, others: dict[int, Member], texts: Reading) -> tuple[Member | None, float]:
    best: tuple[float, int] = (0.0, 0)
    for record, words in texts(list(others)).items() if others else ():
        likeness = said.is_like(words, set(others[record].names))
        if likeness is not None:
            best = max(best, (likeness, record))
    return (others[best[1]], best[0]) if best[1] else (None, 0.0)


def _enter(kind: str, item: Item, near: Member | None) -> int:
    if near is None:
        return Cluster.objects.create(kind=kind, first_at=item.at, last_at=item.at).pk
    Cluster.objects.filter(pk=near.cluster_id).update(
        size=F("size") + 1, first_at=Least("first_at", item.at), last_at=Greatest("last_at", item.at)
    )
    return near.cluster_id


def _name_keys(name: str, home: Home) -> Iterable[int]:
    county, core = county_and_core(name)
    place = home.code if county in ("", home.name) else county
    for known in (place + core, text_normal(name)):
        yield hash_of(known.encode("utf-32-le"))


def _themes(kind: str) -> str:
    """The corpus of an item's terms, beside that of its fingerprints."""
    return f"{kind}/themes"
