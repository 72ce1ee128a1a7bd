"""The words of a text that spoke for a class: grams that weigh, joined where they overlap."""

from __future__ import annotations

import re

import numpy as np

from yanzhen.engines.classifier import grams
from yanzhen.engines.classifier.model import Model

GRAMS = 24
"""The heaviest grams that are looked at."""
LONGEST = 12
WORD = re.compile(r"[^\W_]{2,}")


def words(model: Model, text: str, label: str, most: int = 5) -> list[str]:
    """Return up to `most` stretches of the normal text, the heaviest first; none where nothing known speaks for it."""
    plain = grams.normal(text)
    weights = _weights(model, plain, label)
    spans = _spans(plain, weights)
    heavy = sorted(spans, key=lambda span: (-spans[span], span))
    return [span for span in heavy if not any(span != other and span in other for other in heavy)][:most]


def _weights(model: Model, plain: str, label: str) -> dict[str, float]:
    """Return what the heaviest grams of two characters and more add to the class, over what they add to the others."""
    row = model.features.weigh([plain])
    added = model.voters.added(row, model.classes.index(label))
    names = model.features.names[row.indices]
    found: dict[str, float] = {}
    for place in np.argsort(-added, kind="stable"):
        gram = grams.text_of(int(names[place]))
        if added[place] <= 0 or len(found) == GRAMS:
            break
        if WORD.fullmatch(gram):
            found[gram] = found.get(gram, 0.0) + float(added[place])
    return found


def _spans(plain: str, weights: dict[str, float]) -> dict[str, float]:
    """Return the stretches that overlapping grams cover, each with the sum of the grams inside it."""
    covered = sorted(
        (found.start(), found.start() + len(gram))
        for gram in weights
        for found in re.finditer(f"(?={re.escape(gram)})", plain)
    )
    joined: list[tuple[int, int]] = []
    for start, end in covered:
        if joined and start < joined[-1][1] and end - joined[-1][0] <= LONGEST:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif not joined or end > joined[-1][1]:
            joined.append((start, end))
    spans = {plain[start:end] for start, end in joined}
    return {span: sum(weight for gram, weight in weights.items() if gram in span) for span in spans}
