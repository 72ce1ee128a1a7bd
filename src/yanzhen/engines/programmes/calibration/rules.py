"""How a judge lies to what was agreed of the samples, and how far the judges lie apart: formulas over their arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from statistics import median

from yanzhen.engines.programmes.scoring.flags import FEWEST
from yanzhen.engines.programmes.scoring.marks import mean

OTHERS = FEWEST - 1
"""Colleagues from whom on their mean is told: of one alone it would be that one's mark."""


def agreed(reference: Decimal | None, totals: Iterable[Decimal | None]) -> Decimal | None:
    """Return the value that a sample stands for: the reference, else the panel's median; None of too few marks."""
    if reference is not None:
        return reference
    numbers = [total for total in totals if total is not None]
    return median(numbers) if len(numbers) >= FEWEST else None


def of_others(totals: Mapping[int, Decimal | None], judge: int) -> Decimal | None:
    """Return the mean of what the other judges gave; None of too few."""
    numbers = [total for other, total in totals.items() if other != judge and total is not None]
    return mean(numbers) if len(numbers) >= OTHERS else None


def apart(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Return how far `one` lies above `other`; None where either is unknown."""
    return None if one is None or other is None else one - other
