"""Three ways to judge a text, which err in different places: a separating plane, word odds, and like texts.

Each gives scores (texts x classes); `judge` brings them together. What each adds is measured: docs/decisions/0012-classifier.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from yanzhen.engines.classifier.features import Floats, unit

Labels = npt.NDArray[np.int64]
PLANE_COST = 1.0
TOLERANCE = 0.01
"""Of the fit. A hundredth of it moves no guess and takes 1.7 times as long."""
ODDS_SMOOTHING = 0.1
NEAREST = 20
NEAREST_AMONG = 4_000
"""Rows that the like texts are looked for among: the last ones, so that the time for a suggestion is bounded."""
STEEPNESS = 1.5


@dataclass(frozen=True, slots=True)
class Voters:
    """What was learnt. `plane`, `odds` and `odds_square` are (features x classes)."""

    plane: Floats
    plane_bias: Floats
    odds: Floats
    odds_square: Floats
    odds_bias: Floats
    near: sparse.csr_matrix
    """The kept rows of length 1, turned round: (features x rows), so that only the grams of the asked text are read."""
    near_votes: Floats
    """(rows x classes): the weight of each row at its label."""

    def scores(self, rows: sparse.csr_matrix) -> tuple[Floats, Floats, Floats]:
        """Return the scores of plane and odds (0 is the border) and the shares (sum 1) of like texts."""
        plane = rows @ self.plane + self.plane_bias
        length = np.sqrt(rows.multiply(rows) @ self.odds_square)
        odds = np.divide(rows @ self.odds, length, out=np.zeros_like(length), where=length > 0)
        return plane, odds + self.odds_bias, self._like(rows)

    def added(self, row: sparse.csr_matrix, label: int) -> Floats:
        """Return what each feature of one row adds to the class, by plane and odds, over what it adds on average."""
        both = self.plane[row.indices] + self.odds[row.indices]
        added: Floats = row.data * (both[:, label] - both.mean(axis=1))
        return added

    def _like(self, rows: sparse.csr_matrix) -> Floats:
        classes = self.near_votes.shape[1]
        found = np.full((rows.shape[0], classes), 1 / classes, np.float32)
        most = min(NEAREST, self.near_votes.shape[0])
        likeness = unit(rows) @ self.near
        for index in range(rows.shape[0]):
            start, end = likeness.indptr[index : index + 2]
            values, places = likeness.data[start:end], likeness.indices[start:end]
            if len(values) > most:
                best = np.argpartition(-values, most)[:most]
                values, places = values[best], places[best]
            votes = np.square(values) @ self.near_votes[places]
            if (whole := votes.sum()) > 0:
                found[index] = votes / whole
        return found


def learn(rows: sparse.csr_matrix, labels: Labels, weights: Floats, classes: int) -> Voters:
    """Learn from weighed rows; a class without a row gets no vote from anybody."""
    width = rows.shape[1]
    plane, odds = np.zeros((width, classes), np.float32), np.zeros((width, classes), np.float32)
    square = np.zeros((width, classes), np.float32)
    plane_bias, odds_bias = np.full(classes, -1, np.float32), np.full(classes, -1, np.float32)
    for each in range(classes):
        ours = labels == each
        if not ours.any():
            continue
        plane[:, each], plane_bias[each] = _border(rows, ours, weights)
        ratio = _ratio(rows, ours, weights)
        scaled = rows.copy()
        scaled.data *= ratio[rows.indices]
        border, odds_bias[each] = _border(unit(scaled), ours, weights)
        odds[:, each], square[:, each] = ratio * border, np.square(ratio)
    votes = np.zeros((len(labels), classes), np.float32)
    votes[np.arange(len(labels)), labels] = weights
    last = slice(max(0, len(labels) - NEAREST_AMONG), None)
    return Voters(plane, plane_bias, odds, square, odds_bias, unit(rows[last]).T.tocsr(), votes[last])


def _border(rows: sparse.csr_matrix, ours: npt.NDArray[np.bool_], weights: Floats) -> tuple[Floats, float]:
    from sklearn.svm import LinearSVC  # noqa: PLC0415  # a second and 60 MB that only training needs

    machine = LinearSVC(C=PLANE_COST, tol=TOLERANCE, random_state=0).fit(rows, ours, sample_weight=weights)
    return machine.coef_[0].astype(np.float32), float(machine.intercept_[0])


def _ratio(rows: sparse.csr_matrix, ours: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    """Return the log odds of each feature for the class (Wang and Manning 2012, NB-SVM)."""
    inside = rows.T @ (weights * ours) + ODDS_SMOOTHING
    outside = rows.T @ (weights * ~ours) + ODDS_SMOOTHING
    ratio: Floats = np.asarray(
        np.log(inside / inside.sum()) - np.log(outside / outside.sum()), dtype=np.float32
    )
    return ratio


def judge(scores: tuple[Floats, Floats, Floats], spreads: tuple[float, float]) -> Floats:
    """Return one share for each class (sum 1): the mean of the three. `spreads` make plane and odds comparable."""
    plane, odds, like = scores
    shares: Floats = (_soft(plane, spreads[0]) + _soft(odds, spreads[1]) + like) / np.float32(3)
    return shares


def spread(scores: Floats) -> float:
    """Return how far the scores of a text lie apart, over all texts; 1 where they do not."""
    return float((scores - scores.mean(axis=1, keepdims=True)).std()) or 1.0


def margins(scores: tuple[Floats, Floats, Floats], spreads: tuple[float, float], chosen: Labels) -> Floats:
    """Return (texts x 3): by how much each voter puts the chosen class before the best of the others."""
    found = []
    for each, size in zip(scores, (*spreads, 1.0), strict=True):
        ours = each[np.arange(len(chosen)), chosen]
        others = each.copy()
        others[np.arange(len(chosen)), chosen] = -np.inf
        found.append((ours - others.max(axis=1)) / size)
    return np.stack(found, axis=1)


def _soft(scores: Floats, size: float) -> Floats:
    raised = STEEPNESS * (scores - scores.max(axis=1, keepdims=True)) / size
    shares: Floats = np.exp(raised)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares
