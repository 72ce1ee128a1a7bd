"""The durable index of sketches: written with the record, asked in one statement, made anew in the background."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from django.db import connection, transaction

from yanzhen.engines.similarity.fingerprint import (
    Answer,
    answer_of,
    containment,
    grams,
    resemblance,
    shingles,
    sketch,
)
from yanzhen.engines.similarity.models import Corpus, Key
from yanzhen.engines.similarity.sources import SOURCES, Words
from yanzhen.engines.similarity.text import text_normal
from yanzhen.foundation.bulk import copying

MOST_PER_KEY = 2000
"""Of a key that more records have, the newest count."""
SAMPLE = 200_000
COMMON = 0.00005
FEWEST = 20
"""A shingle is everyday if more than 0.005 % of the sample has it, and more than 20 texts."""
BATCH = 2000
CANDIDATES = """
select m.record, count(*) as shared
from unnest(%(keys)s::int[]) as k
cross join lateral (
    select record from similarity_key where corpus_id = %(corpus)s and key = k order by record desc limit %(most)s
) m
where m.record <> all(%(without)s::bigint[])
group by m.record order by shared desc, m.record desc limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Match:
    """A record that shares keys with a text; to be compared before anybody is told."""

    record: int
    shared: int


@dataclass(frozen=True, slots=True)
class Found:
    """A record whose text was compared."""

    record: int
    answer: Answer
    resemblance: float
    containment: float


@transaction.atomic
def index(kind: str, record: int, text: str, *, former: str = "") -> None:
    """Put the keys of a record's text in the index, in place of those of its `former` text.

    Call it in the transaction that writes the record. May be run again with the same text.
    """
    _take_turns(kind, shared=True)
    normal, old = text_normal(text), text_normal(former)
    for corpus in corpora(kind):
        stops = stops_of(corpus)
        keys = sketch(normal, stops)
        if gone := set(sketch(old, stops)).difference(keys):
            Key.objects.filter(corpus_id=corpus, key__in=gone, record=record).delete()
        add_keys(corpus, record, keys)


def candidates(kind: str, text: str, limit: int = 30, *, without: Sequence[int] = ()) -> list[Match]:
    """Return the records that share most keys with `text`, best first: two statements.

    What comes back are ids of any place: the caller keeps those that its reader may see, and compares them.
    """
    live = live_corpus(kind)
    keys = sketch(text_normal(text), stops_of(live))
    return by_keys(live, keys, limit, most=MOST_PER_KEY, without=without)


def matches(kind: str, text: str, texts: Mapping[int, str], *, least: Answer = Answer.RELATED) -> list[Found]:
    """Compare `text` with the texts of candidates, given by id; return the alike, the most alike first."""
    order = list(Answer)
    own, found = grams(text_normal(text)), []
    for record, other in texts.items():
        theirs = grams(text_normal(other))
        answer = answer_of(own, theirs)
        if answer and order.index(answer) <= order.index(least):
            found.append(Found(record, answer, resemblance(own, theirs), containment(own, theirs)))
    return sorted(found, key=lambda f: (order.index(f.answer), -f.resemblance, -f.containment, f.record))


def by_keys(
    corpus: int, keys: Sequence[int], limit: int, *, most: int, without: Sequence[int] = ()
) -> list[Match]:
    """Return the records with most of `keys`; of each key the newest `most` records are looked at."""
    with connection.cursor() as cursor:
        cursor.execute(
            CANDIDATES,
            {"keys": list(keys), "corpus": corpus, "most": most, "limit": limit, "without": list(without)},
        )
        return [Match(record, shared) for record, shared in cursor.fetchall()]


def corpora(kind: str) -> list[int]:
    """Return the versions that have to be written: the live one, and the one that is being made."""
    found = list(Corpus.objects.filter(kind=kind).order_by("version").values_list("pk", flat=True))
    return found or [live_corpus(kind)]


def live_corpus(kind: str) -> int:
    live = Corpus.objects.filter(kind=kind, live=True).values_list("pk", flat=True).first()
    return live or Corpus.objects.get_or_create(kind=kind, version=1)[0].pk


def add_keys(corpus: int, record: int, keys: Iterable[int]) -> None:
    Key.objects.bulk_create(
        [Key(corpus_id=corpus, key=key, record=record) for key in keys], ignore_conflicts=True
    )


def copy_keys(corpus: int, keys: Mapping[int, Iterable[int]]) -> None:
    with copying("similarity_key", ("corpus_id", "key", "record")) as copy:
        for record, values in keys.items():
            for key in values:
                copy.write_row((corpus, key, record))


@lru_cache(maxsize=16)
def stops_of(corpus: int) -> array[int]:
    """Return the stop set of a version, sorted; a version's never changes."""
    stops = array("i")
    stops.frombytes(bytes(Corpus.objects.values_list("stops", flat=True).get(pk=corpus)))
    return stops


def everyday(texts: Iterable[Words]) -> tuple[bytes, int]:
    """Return the stop set of a sample of texts, and how many there were."""
    counts: Counter[int] = Counter()
    sampled = 0
    for words in texts:
        counts.update(shingles(text_normal(words.whole)))
        sampled += 1
    bound = max(COMMON * sampled, FEWEST)
    return array("i", sorted(h for h, n in counts.items() if n > bound)).tobytes(), sampled


def renew(kind: str) -> Corpus:
    """Make the index of a kind anew from its source, with a stop set of today, while the old one serves.

    What is written meanwhile goes into both. May be run again after it broke off: the half-made version is dropped.
    """
    source = SOURCES[kind]
    sample = (words for batch in source.batches(BATCH) for words in batch.values())
    stops, sampled = everyday(islice(sample, SAMPLE))
    with transaction.atomic():
        _take_turns(kind, shared=False)
        Corpus.objects.filter(kind=kind, live=False).delete()
        live = Corpus.objects.get(pk=live_corpus(kind))
        fresh = Corpus.objects.create(
            kind=kind, version=live.version + 1, live=False, stops=stops, sampled=sampled
        )
    last = 0
    while found := source.ids(last, BATCH):
        _fill(fresh, found)
        last = found[-1]
    with transaction.atomic():
        _take_turns(kind, shared=False)
        live.delete()
        fresh.live = True
        fresh.save(update_fields=["live"])
    return fresh


@transaction.atomic
def _fill(corpus: Corpus, records: Sequence[int]) -> None:
    """Add the keys of a batch. Who writes such a record now waits, or has written and is read here."""
    _take_turns(corpus.kind, shared=False)
    stops = stops_of(corpus.pk)
    texts = SOURCES[corpus.kind].texts(records)
    keys = {record: sketch(text_normal(words.whole), stops) for record, words in texts.items()}
    there = Key.objects.filter(corpus=corpus, key__in={k for values in keys.values() for k in values})
    known = set(there.filter(record__in=keys).values_list("record", flat=True))
    copy_keys(corpus.pk, {record: values for record, values in keys.items() if record not in known})


def _take_turns(kind: str, *, shared: bool) -> None:
    """Writers go together; the making of a version goes alone, a batch at a time."""
    lock = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"select {lock}(hashtextextended('similarity:' || %s, 0))", [kind])
