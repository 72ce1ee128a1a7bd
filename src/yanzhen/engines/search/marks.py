"""Where in a text the words stand: parts to show, each with whether it is what was looked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rapidfuzz import fuzz

from yanzhen.engines.search.finding import Found
from yanzhen.engines.search.normal import normal

AROUND = 24
"""Characters shown before the first word of an excerpt; twice as many after it."""


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    hit: bool


def marked(text: str, found: Found) -> list[Part]:
    """Return the whole of `text` in parts."""
    return _parts(text, _hits(text, found))


def excerpt(texts: Iterable[str], found: Found) -> list[Part]:
    """Return a line of the first of `texts` that has a word, around it; [] where none has one."""
    for text in texts:
        if hits := _hits(text, found):
            first = max(min(hits) - AROUND, 0)
            last = min(hits) + 2 * AROUND
            shown = _parts(text[first:last], {place - first for place in hits})
            before, after = "…" * (first > 0), "…" * (last < len(text))
            return [
                Part(t, hit)
                for t, hit in ((before, False), *((p.text, p.hit) for p in shown), (after, False))
                if t
            ]
    return []


def holds(text: str, found: Found) -> bool:
    """Tell whether `text` by itself shows all that was looked for."""
    if found.near:
        return bool(_hits(text, found))
    plain = normal(text)
    return all(normal(word) in plain for word in found.words)


def _parts(text: str, hits: set[int]) -> list[Part]:
    groups = groupby(enumerate(text), key=lambda placed: placed[0] in hits)
    return [Part("".join(letter for _, letter in letters), hit) for hit, letters in groups]


def _hits(text: str, found: Found) -> set[int]:
    """Return the places of the characters of `text` that belong to a word."""
    plain, places = _placed(text)
    hits: set[int] = set()
    for word in map(normal, found.words):
        start = plain.find(word)
        while start >= 0:
            hits.update(places[start : start + len(word)])
            start = plain.find(word, start + len(word))
    if not hits and found.near:
        hits.update(_nearest(plain, places, normal(max(found.words, key=len))))
    return hits


def _nearest(plain: str, places: Sequence[int], word: str) -> Sequence[int]:
    if len(plain) < len(word):
        return ()
    least = 100 * (len(word) - 1) / len(word) - 1
    best = fuzz.partial_ratio_alignment(word, plain, score_cutoff=least)
    return places[best.dest_start : best.dest_end] if best else ()


def _placed(text: str) -> tuple[str, list[int]]:
    """Return the normal form and, for each of its characters, the place in `text` that it came from."""
    plain: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        form = normal(letter)
        plain.append(form)
        places += [place] * len(form)
    return "".join(plain), places
