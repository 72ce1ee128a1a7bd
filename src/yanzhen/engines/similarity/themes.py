"""What a text is about, as weights of its character pairs: two texts about the same thing at the same place come close.

Pairs need no dictionary, and names of places and firms, which dictionaries lack, weigh most because they are rare. How
rare a pair is, is learnt from the installation's own texts; until then all weigh alike and more is asked of a likeness.
"""

from __future__ import annotations

import math
import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import add

from yanzhen.engines.similarity.fingerprint import hash_of
from yanzhen.engines.similarity.models import Vocabulary
from yanzhen.engines.similarity.sources import Words
from yanzhen.engines.similarity.text import text_normal

TITLE = 3
"""How often a pair of the title counts."""
BODY = 600
"""Characters of the body that are read: what is the matter is said first."""
KEYS = 16
"""The heaviest terms, by which like items are found."""
CLOSE, CLOSE_UNLEARNT = 0.25, 0.4
"""Cosine from which two items mean the same. Tuned on half of the labelled groups: docs/decisions/0013-similarity.md."""
CLOSE_SAME_NAME, CLOSE_SAME_NAME_UNLEARNT = 0.2, 0.32
"""It is enough where both name the same firm or place, of what they say besides the name."""
FEWEST = 50
"""Texts from which a vocabulary can be learnt."""
LONGEST_MEMORY = 200_000
"""Weights kept at hand in a process."""
PRUNE_FROM = 1_000_000
CUT = re.compile(r"[\W_]+")

Vector = Mapping[str, float]


@dataclass(slots=True)
class Weights:
    """How much a term weighs, by how few of the texts hold it."""

    documents: int = 0
    terms: array[int] = field(default_factory=lambda: array("i"))
    counts: array[int] = field(default_factory=lambda: array("i"))
    _known: dict[str, float] = field(default_factory=dict)

    @property
    def close(self) -> float:
        return CLOSE if self.documents else CLOSE_UNLEARNT

    @property
    def close_same_name(self) -> float:
        return CLOSE_SAME_NAME if self.documents else CLOSE_SAME_NAME_UNLEARNT

    def of(self, term: str) -> float:
        if not self.documents:
            return 1.0
        weight = self._known.get(term)
        if weight is None:
            if len(self._known) >= LONGEST_MEMORY:
                self._known.clear()
            weight = self._known[term] = math.log((self.documents + 1) / (self._count(term) + 1))
        return weight

    def _count(self, term: str) -> int:
        value = term_key(term)
        at = bisect_left(self.terms, value)
        return self.counts[at] if at < len(self.terms) and self.terms[at] == value else 0

    def vector(self, words: Words, *, without: Collection[str] = ()) -> Vector:
        """Return the terms of an item but `without` with their weights, of length 1; {} for a text without terms."""
        counted = terms(words).items()
        weighed = {term: count * self.of(term) for term, count in counted if term not in without}
        length = math.sqrt(sum(w * w for w in weighed.values()))
        return {term: w / length for term, w in weighed.items()} if length else {}


def terms(words: Words) -> Counter[str]:
    """Count the character pairs of an item."""
    found: Counter[str] = Counter(_pairs(words.body[:BODY]))
    for pair, times in Counter(_pairs(words.title)).items():
        found[pair] += TITLE * times
    return found


def terms_of_names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(pair for name in names for pair in _pairs(name))


def _pairs(text: str) -> Iterator[str]:
    """The pairs of neighbours in normal form; none reaches across a mark or a space."""
    for piece in CUT.split(text):
        normal = text_normal(piece)
        yield from map(add, normal, normal[1:])


def cosine(a: Vector, b: Vector) -> float:
    if len(b) < len(a):
        a, b = b, a
    return sum(weight * b[term] for term, weight in a.items() if term in b)


def heaviest(vector: Vector) -> list[int]:
    """Return the keys of the heaviest terms."""
    chosen = sorted(vector, key=lambda term: (-vector[term], term))[:KEYS]
    return [term_key(term) for term in chosen]


def term_key(term: str) -> int:
    return hash_of(term.encode("utf-32-le"))


def learn(kind: str, texts: Iterable[Words]) -> Vocabulary | None:
    """Learn from `texts` how many hold each term, and keep it in place of what was known; None where they are few."""
    counts: Counter[int] = Counter()
    documents = 0
    for words in texts:
        counts.update(term_key(term) for term in terms(words))
        documents += 1
        if len(counts) > PRUNE_FROM:
            counts = Counter({term: n for term, n in counts.items() if n > 1})
    if documents < FEWEST:
        return None
    kept = sorted((term, n) for term, n in counts.items() if n > 1)
    row, _made = Vocabulary.objects.update_or_create(
        kind=kind,
        defaults={
            "documents": documents,
            "terms": array("i", (t for t, _n in kept)).tobytes(),
            "counts": array("i", (n for _t, n in kept)).tobytes(),
        },
    )
    return row


_HELD: dict[str, tuple[object, Weights]] = {}


def weights_of(kind: str) -> Weights:
    """Return the weights learnt last: one statement, two after they changed."""
    rows = Vocabulary.objects.filter(kind=kind)
    learnt_at = rows.values_list("learnt_at", flat=True).first()
    held = _HELD.get(kind)
    if held and held[0] == learnt_at:
        return held[1]
    row = rows.first()
    weights = Weights()
    if row:
        weights.documents = row.documents
        weights.terms.frombytes(bytes(row.terms))
        weights.counts.frombytes(bytes(row.counts))
    _HELD[kind] = (row and row.learnt_at, weights)
    return weights
