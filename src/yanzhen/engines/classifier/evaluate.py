"""What a model is worth on texts that it has not seen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from yanzhen.engines.classifier.model import Guess, Model, Row, cut

TIMED = 300
"""Texts that are asked one by one for the time that one takes."""


@dataclass(frozen=True, slots=True)
class Report:
    """Shares are 0-1. `f1` has a figure for every class that the texts or the guesses name."""

    macro_f1: float
    f1: dict[str, float]
    top2: float
    auto_share: float
    """The most that could be accepted unread at the wanted precision, were the threshold chosen on these texts."""
    auto_share_trained: float
    auto_precision_trained: float | None
    """What the model's own threshold accepts, and how much of that is right; None where it accepts nothing."""


def evaluate(model: Model, rows: Sequence[Row], *, precision: float) -> Report:
    """Compare guesses with labels; `rows` is not empty. A label that the model never saw counts as missed."""
    guesses = model.suggest_many([row.text for row in rows], 2)
    right = np.array([each[0].label == row.label for each, row in zip(guesses, rows, strict=True)])
    sure = np.array([each[0].confidence for each in guesses], np.float32)
    accepted = sure >= model.trust.threshold
    f1 = _f1(guesses, rows)
    return Report(
        macro_f1=sum(f1.values()) / len(f1),
        f1=f1,
        top2=_share(
            row.label in {guess.label for guess in each} for each, row in zip(guesses, rows, strict=True)
        ),
        auto_share=cut(sure, right, precision)[1],
        auto_share_trained=float(accepted.mean()),
        auto_precision_trained=float(right[accepted].mean()) if accepted.any() else None,
    )


def p99_ms(model: Model, texts: Sequence[str]) -> float:
    """Return the 99th percentile of the milliseconds that one suggestion takes."""
    taken = []
    for text in [*texts[:1], *texts[:TIMED]]:
        begun = time.perf_counter()
        model.suggest(text)
        taken.append((time.perf_counter() - begun) * 1000)
    return float(np.percentile(taken[1:], 99))


def _f1(guesses: Sequence[Sequence[Guess]], rows: Sequence[Row]) -> dict[str, float]:
    pairs = [(each[0].label, row.label) for each, row in zip(guesses, rows, strict=True)]
    found = {}
    for label in sorted({label for pair in pairs for label in pair}):
        both = sum(guess == real == label for guess, real in pairs)
        either = sum((guess == label) + (real == label) for guess, real in pairs)
        found[label] = 2 * both / either
    return found


def _share(each: Iterable[bool]) -> float:
    values = list(each)
    return sum(values) / len(values)
