"""Bars of an alert's history with the band of what is to be expected, in whole units of a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yanzhen.domains.hotline.hotspots.models import Alert

STEP, BAR, HEIGHT = 8, 6, 60
SMALLEST = 1
"""So that a period without a case is seen to be one."""


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: int
    height: int
    now: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """`band` is the y of the most that is no surge; `mean` that of the mean. Larger y is lower."""

    width: int
    bars: tuple[Bar, ...]
    band: int
    mean: int
    height: int = HEIGHT


def chart_of(alert: Alert) -> Chart:
    """Return the chart of an alert: the periods it was compared with, and its own as the last bar."""
    counts: Sequence[int] = [*alert.past, alert.count]
    top = max(*counts, alert.bound, 1)

    def y_of(count: float) -> int:
        return HEIGHT - max(round(HEIGHT * count / top), SMALLEST)

    bars = tuple(
        Bar(n * STEP, y_of(count), HEIGHT - y_of(count), n == len(alert.past))
        for n, count in enumerate(counts)
    )
    return Chart(len(counts) * STEP, bars, y_of(alert.bound), y_of(alert.mean))
