"""Items that mean the same thing, put together as they come in: each joins the cluster of the nearest earlier one.

Measured on real messages the rule equals clustering all of them at night, so nothing is ever clustered anew. A single
likeness can be chance, and chance chains: so two items that name different firms or places never join, however alike
their wording, and those that name the same one join sooner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest, Least

from yanzhen.engines.similarity import index
from yanzhen.engines.similarity.fingerprint import hash_of
from yanzhen.engines.similarity.models import Cluster, Key, Member
from yanzhen.engines.similarity.sources import SOURCES, Reading, Words
from yanzhen.engines.similarity.text import name_normal
from yanzhen.engines.similarity.themes import (
    CLOSE_SAME_NAME,
    Vector,
    Weights,
    cosine,
    heaviest,
    learn,
    weights_of,
)

MOST_PER_KEY = 200
COMPARED = 16
"""Candidates that are compared; those that share most terms."""
LEARNT_FROM = 200_000
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Item:
    """What comes in; `names` are the firms and places that it names."""

    record: int
    words: Words
    at: datetime
    names: Sequence[str] = ()


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
    vector = weights.vector(item.words)
    names = sorted({_name_key(name) for name in item.names if name.strip()})
    keys = sorted({*heaviest(vector), *names})
    found = [
        m.record for m in index.by_keys(corpus, keys, COMPARED, most=MOST_PER_KEY, without=[item.record])
    ]
    others = {m.record: m for m in Member.objects.filter(kind=kind, record__in=found, open=True)}
    near, likeness = _nearest(vector, names, others, texts, weights)
    cluster = _enter(kind, item, near)
    Member.objects.create(kind=kind, record=item.record, cluster_id=cluster, at=item.at, names=names)
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


def _nearest(
    vector: Vector, names: list[int], others: dict[int, Member], texts: Reading, weights: Weights
) -> tuple[Member | None, float]:
    best: tuple[float, int] = (0.0, 0)
    own = set(names)
    for record, words in texts(list(others)).items() if others else ():
        theirs = set(others[record].names)
        if own and theirs and not own & theirs:
            continue
        likeness = cosine(vector, weights.vector(words))
        enough = CLOSE_SAME_NAME if own & theirs and weights.documents else weights.close
        if likeness >= enough:
            best = max(best, (likeness, record))
    return (others[best[1]], best[0]) if best[1] else (None, 0.0)


def _enter(kind: str, item: Item, near: Member | None) -> int:
    if near is None:
        return Cluster.objects.create(kind=kind, first_at=item.at, last_at=item.at).pk
    Cluster.objects.filter(pk=near.cluster_id).update(
        size=F("size") + 1, first_at=Least("first_at", item.at), last_at=Greatest("last_at", item.at)
    )
    return near.cluster_id


def _name_key(name: str) -> int:
    return hash_of(name_normal(name).encode("utf-32-le"))


def _themes(kind: str) -> str:
    """The corpus of an item's terms, beside that of its fingerprints."""
    return f"{kind}/themes"
