"""How likely a count is by chance, given the counts of like periods before it.

A count is taken as negative binomial: Poisson with the uncertainty of a mean that is known from few periods, and with
more spread where the past shows more (docs/rules/hotspots.md). Periods are equal in length and in days of the week.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PRIOR = 0.5
"""Half a case in the whole past, where it shows none: what Jeffreys' prior adds."""
RECENT = 8
"""Periods that are looked at by themselves too: a surge has to stand out from a rising trend, a silence from a falling one."""
SHRINK = 25
"""How many periods of its own spread it takes to weigh as much as the spread of all."""
NEGLIGIBLE = 1e-17


@dataclass(frozen=True, slots=True)
class Expected:
    """A negative binomial: its mean, and its size (the smaller, the more spread)."""

    mean: float
    size: float

    def _log_mass(self, count: int) -> float:
        r, q = self.size, self.mean / (self.size + self.mean)
        return (
            math.lgamma(count + r)
            - math.lgamma(r)
            - math.lgamma(count + 1)
            + r * math.log1p(-q)
            + count * math.log(q)
        )

    def at_least(self, count: int) -> float:
        """Return the probability of `count` or more."""
        if count <= 0:
            return 1.0
        if count <= self.mean:
            return 1.0 - self.at_most(count - 1)
        q = self.mean / (self.size + self.mean)
        term = total = math.exp(self._log_mass(count))
        while term > total * NEGLIGIBLE:
            term *= (count + self.size) / (count + 1) * q
            count += 1
            total += term
        return min(total, 1.0)

    def at_most(self, count: int) -> float:
        """Return the probability of `count` or fewer."""
        if count < 0:
            return 0.0
        if count > self.mean:
            return 1.0 - self.at_least(count + 1)
        q = self.mean / (self.size + self.mean)
        term = total = math.exp(self._log_mass(count))
        while count > 0 and term > total * NEGLIGIBLE:
            term *= count / ((count - 1 + self.size) * q)
            count -= 1
            total += term
        return min(total, 1.0)


def expected(past: Sequence[int], spread: float) -> Expected:
    """Return what the next period should count; `spread` is variance over mean, 1 or more."""
    mean = (sum(past) + PRIOR) / len(past)
    variance = spread * mean * (1 + 1 / len(past))
    return Expected(mean, mean * mean / (variance - mean))


def views(past: Sequence[int], spread: float) -> tuple[Expected, ...]:
    """Return the expectations that a count has to stand out from: the whole past, and the last of it."""
    return tuple(expected(part, spread) for part in (past, past[-RECENT:]))


def surge_chance(count: int, past: Sequence[int], spread: float) -> float:
    """Return how likely so many or more are by chance."""
    return max(view.at_least(count) for view in views(past, spread))


def silence_chance(count: int, past: Sequence[int], spread: float) -> float:
    """Return how likely so few or fewer are by chance."""
    return max(view.at_most(count) for view in views(past, spread))


def ceiling(past: Sequence[int], spread: float, chance: float) -> int:
    """Return the largest count that is no surge at a false-alarm probability of `chance`."""
    low, high = 0, 1
    while surge_chance(high, past, spread) > chance:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if surge_chance(middle, past, spread) > chance else (low, middle)
    return low


def spread_of(series: Iterable[Sequence[int]]) -> float:
    """Return variance over mean of many series together, 1 or more: all their variances over all their means."""
    variances = means = 0.0
    for past in series:
        mean = sum(past) / len(past)
        means += mean
        variances += sum((x - mean) ** 2 for x in past) / (len(past) - 1)
    return max(1.0, variances / means) if means else 1.0


def own_spread(past: Sequence[int], common: float) -> float:
    """Return the spread of one series: its own drawn towards the common one, the more so the shorter it is."""
    periods = len(past) - 1
    return max(1.0, (SHRINK * common + periods * spread_of([past])) / (SHRINK + periods))
