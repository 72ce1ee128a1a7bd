"""A model: learnt from labelled texts, suggests classes with a confidence that holds on texts it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from yanzhen.engines.classifier import grams, voters
from yanzhen.engines.classifier.features import Features, Floats
from yanzhen.engines.classifier.voters import Labels, Voters

PARTS = 4
"""Each row is judged once by a model that has not seen it: the confidence and the threshold come from that."""
WHOLE_UP_TO = 10_000
"""With more rows one part in four is judged, which is plenty, and training stays a matter of seconds."""
MOST_FEATURES = 150_000
MOST_CELLS = 6_000_000
"""Features times classes: bounds the memory of a model."""


class Row(NamedTuple):
    """A text with its label; `weight` 1 is a label that a person stands behind, less is a weaker source."""

    text: str
    label: str
    weight: float = 1.0


class Guess(NamedTuple):
    label: str
    confidence: float


class TooFew(ValueError):
    """Not enough to learn from; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Turns margins into the chance that the first class is right: a logistic curve with a step for each class."""

    slopes: Floats
    steps: Floats
    threshold: float
    """The least confidence at which `precision` was kept on rows not seen; above 1 where none keeps it."""

    def confidence(self, margins: Floats, chosen: Labels) -> Floats:
        found: Floats = 1 / (1 + np.exp(-(margins @ self.slopes + self.steps[chosen])))
        return found


@dataclass(frozen=True, slots=True)
class Model:
    classes: tuple[str, ...]
    features: Features
    voters: Voters
    spreads: tuple[float, float]
    trust: Trust

    def suggest(self, text: str, most: int = 3) -> list[Guess]:
        """Return the likeliest classes, first the best; confidences never rise along the list."""
        return self.suggest_many([text], most)[0]

    def suggest_many(self, texts: Sequence[str], most: int = 3) -> list[list[Guess]]:
        rows = self.features.weigh([grams.normal(text) for text in texts])
        scores = self.voters.scores(rows)
        shares = voters.judge(scores, self.spreads)
        order = np.argsort(-shares, axis=1, kind="stable")
        first = order[:, 0]
        sure = self.trust.confidence(voters.margins(scores, self.spreads, first), first)
        return [
            self._ranked(shares[index], order[index, :most], float(sure[index]))
            for index in range(len(texts))
        ]

    def _ranked(self, shares: Floats, order: Labels, sure: float) -> list[Guess]:
        left = max(1 - float(shares[order[0]]), 1e-9)
        rest = [min(sure, float(shares[each]) * (1 - sure) / left) for each in order[1:]]
        return [
            Guess(self.classes[each], round(value, 4))
            for each, value in zip(order, (sure, *rest), strict=True)
        ]


def train(rows: Sequence[Row], *, precision: float) -> Model:
    """Learn from `rows`; `precision` (0-1) is what the threshold must keep. Raises TooFew.

    Labels that the others contradict are not weighed down or turned: measured, that lost (docs/decisions/0012-classifier.md).
    """
    classes = tuple(sorted({row.label for row in rows}))
    if len(classes) < 2:
        raise TooFew("至少要有两个类别的样本")
    labels = np.array([classes.index(row.label) for row in rows], np.int64)
    weights = np.array([row.weight for row in rows], np.float32)
    texts = [grams.normal(row.text) for row in rows]
    features = Features.learn(texts, most=min(MOST_FEATURES, MOST_CELLS // len(classes)))
    if not len(features.names):
        raise TooFew("样本中没有重复出现的字词")
    matrix = features.weigh(texts)
    seen, scores = _unseen(matrix, labels, weights, len(classes))
    spreads = (voters.spread(scores[0]), voters.spread(scores[1]))
    shares = voters.judge(scores, spreads)
    trust = _trust(scores, spreads, shares, labels[seen], precision=precision)
    learnt = voters.learn(matrix, labels, weights, len(classes))
    return Model(classes, features, learnt, spreads, trust)


def _unseen(
    matrix: sparse.csr_matrix, labels: Labels, weights: Floats, classes: int
) -> tuple[Labels, tuple[Floats, Floats, Floats]]:
    """Return which rows were judged by a model that had not seen them, and their scores."""
    part = _parts(labels)
    held = range(PARTS) if len(labels) <= WHOLE_UP_TO else range(1)
    seen, found = [], []
    for each in held:
        inside, outside = np.flatnonzero(part != each), np.flatnonzero(part == each)
        learnt = voters.learn(matrix[inside], labels[inside], weights[inside], classes)
        seen.append(outside)
        found.append(learnt.scores(matrix[outside]))
    plane, odds, like = (np.concatenate(each) for each in zip(*found, strict=True))
    return np.concatenate(seen), (plane, odds, like)


def _parts(labels: Labels) -> Labels:
    """Deal the rows of each class over the parts, in an order that the same rows always give."""
    part = np.zeros(len(labels), np.int64)
    shuffled = np.random.default_rng(0).permutation(len(labels))
    ordered = shuffled[np.argsort(labels[shuffled], kind="stable")]
    part[ordered] = np.arange(len(labels)) % PARTS
    return part


def _trust(
    scores: tuple[Floats, Floats, Floats],
    spreads: tuple[float, float],
    shares: Floats,
    labels: Labels,
    *,
    precision: float,
) -> Trust:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # as in voters: only training needs it

    chosen = shares.argmax(axis=1)
    right = chosen == labels
    margins = voters.margins(scores, spreads, chosen)
    steps = np.eye(shares.shape[1], dtype=np.float32)[chosen]
    if right.all() or not right.any():
        even = float(right.mean() * 2 - 1) * 3
        trust = Trust(np.zeros(3, np.float32), np.full(shares.shape[1], even, np.float32), 2.0)
    else:
        curve = LogisticRegression(C=1.0, max_iter=1000).fit(np.hstack([margins, steps]), right)
        both = curve.coef_[0].astype(np.float32)
        trust = Trust(both[:3], both[3:] + np.float32(curve.intercept_[0]), 2.0)
    confidence = trust.confidence(margins, chosen)
    threshold, _share = cut(confidence, right, precision)
    return Trust(trust.slopes, trust.steps, threshold)


def cut(confidence: Floats, right: npt.NDArray[np.bool_], precision: float) -> tuple[float, float]:
    """Return the lowest threshold that keeps `precision` among what reaches it, and the share that does; (2, 0) if none."""
    order = np.argsort(-confidence, kind="stable")
    kept = np.cumsum(right[order]) / np.arange(1, len(order) + 1) >= precision
    ends = np.append(np.diff(confidence[order]) != 0, True)
    good = np.flatnonzero(kept & ends)
    if not len(good):
        return 2.0, 0.0
    return float(confidence[order[good[-1]]]), float((good[-1] + 1) / len(order))
