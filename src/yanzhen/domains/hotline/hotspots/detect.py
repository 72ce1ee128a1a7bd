"""Which counts are alarms, and which of them are one cause. Knows no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yanzhen.domains.hotline.hotspots.chance import (
    ceiling,
    own_spread,
    silence_chance,
    spread_of,
    surge_chance,
    views,
)

SPECIFIC = ("employer", "cluster", "place", "category", "county", "channel", "city")
"""From the most specific cause to the most general: an alarm is laid to the first that explains it."""
GENERAL = ("channel", "trunk", "queue", "city", "county")
"""From the most general cause of a silence to the least."""
CALLED = ("trunk", "queue")
"""Counted by calls and not by cases."""
FEWEST_EXPECTED = 1.0


@dataclass(frozen=True, slots=True)
class Series:
    """The counts of one value of a dimension. `past` from the oldest period on; `cases` are those of the period now.

    Of a trunk or a queue they are calls.
    """

    dimension: str
    value: str
    label: str
    region: str
    past: tuple[int, ...]
    cases: frozenset[int]

    @property
    def key(self) -> tuple[str, str]:
        return self.dimension, self.value


@dataclass(frozen=True, slots=True)
class Signal:
    """A series that stands out from its own past, with what was expected at most (surge) or at least (silence)."""

    series: Series
    chance: float
    mean: float
    bound: int
    spread: float
    limit: float
    """The false-alarm probability that the test was allowed."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One alert to be: the signal that explains, the signals that it explains."""

    signal: Signal
    also: tuple[Signal, ...]


def limit_of(false_alarms: float, tests_a_week: float) -> float:
    """Return the probability that each test may be wrong, so that all of a week are wrong so often at most.

    The mean number of false alarms is at most the sum of the probabilities, whether or not the tests hang together
    (as those of overlapping weeks do): so nothing has to be assumed about that.
    """
    return min(1.0, false_alarms / tests_a_week) if tests_a_week else 1.0


def surges(series: Sequence[Series], *, false_alarms: float, sweeps_a_week: int, least: int) -> list[Signal]:
    """Return the series that surge. `least` cases at least make an alarm; the share of each dimension is equal."""
    found = []
    for group in _by_dimension(series).values():
        limit = limit_of(false_alarms / len(SPECIFIC), sweeps_a_week * len(group))
        common = spread_of(one.past for one in group)
        for one in group:
            if len(one.cases) < least:
                continue
            spread = own_spread(one.past, common)
            chance = surge_chance(len(one.cases), one.past, spread)
            if chance <= limit:
                mean = views(one.past, spread)[0].mean
                found.append(Signal(one, chance, mean, ceiling(one.past, spread, limit), spread, limit))
    return found


def silences(series: Sequence[Series], *, false_alarms: float, sweeps_a_week: int) -> list[Signal]:
    """Return the series that fell silent."""
    limit = limit_of(false_alarms, sweeps_a_week * len(series))
    found = []
    for group in _by_dimension(series).values():
        common = spread_of(one.past for one in group)
        for one in group:
            spread = own_spread(one.past, common)
            mean = views(one.past, spread)[0].mean
            chance = silence_chance(len(one.cases), one.past, spread)
            if chance <= limit and mean >= FEWEST_EXPECTED:
                found.append(Signal(one, chance, mean, 0, spread, limit))
    return found


def causes(signals: Iterable[Signal], explained: frozenset[int], *, least: int) -> list[Cause]:
    """Lay each surge to the most specific cause: what is no surge without the cases of others is one of theirs.

    `explained` are cases that an earlier alert has. A signal that earlier alerts alone explain is left out.
    """
    chosen: list[Signal] = []
    also: dict[tuple[str, str], list[Signal]] = {}
    known = set(explained)
    for signal in sorted(
        signals, key=lambda s: (SPECIFIC.index(s.series.dimension), s.chance, s.series.value)
    ):
        series = signal.series
        fresh = len(series.cases - known)
        if fresh >= least and surge_chance(fresh, series.past, signal.spread) <= signal.limit:
            chosen.append(signal)
            known |= series.cases
        elif shared := Counter({s.series.key: len(s.series.cases & series.cases) for s in chosen}):
            key, common = shared.most_common(1)[0]
            if common:
                also.setdefault(key, []).append(signal)
    return [Cause(signal, tuple(also.get(signal.series.key, ()))) for signal in chosen]


def quiet_causes(signals: Iterable[Signal], total: float) -> list[Cause]:
    """Lay each silence to the most general cause: a county is silent because its city is, or most of the lines are;
    a queue because its trunk is, a trunk because all telephones are.

    `total` is what all channels together count in a period: one that carries less than half of it explains no place.
    """
    chosen: list[Signal] = []
    also: dict[tuple[str, str], list[Signal]] = {}
    for signal in sorted(
        signals, key=lambda s: (GENERAL.index(s.series.dimension), s.chance, s.series.value)
    ):
        wider = next((s for s in chosen if _covers(s, signal, total)), None)
        if wider:
            also.setdefault(wider.series.key, []).append(signal)
        else:
            chosen.append(signal)
    return [Cause(signal, tuple(also.get(signal.series.key, ()))) for signal in chosen]


def _covers(wide: Signal, narrow: Signal, total: float) -> bool:
    if wide.series.dimension == narrow.series.dimension:
        return False
    if narrow.series.dimension in CALLED:
        return wide.series.value in ("phone", narrow.series.value.partition(":")[0])
    if wide.series.dimension == "channel":
        return 2 * wide.mean >= total
    return wide.series.dimension not in CALLED and narrow.series.value.startswith(wide.series.value)


def _by_dimension(series: Iterable[Series]) -> dict[str, list[Series]]:
    found: dict[str, list[Series]] = {}
    for one in series:
        found.setdefault(one.dimension, []).append(one)
    return found
