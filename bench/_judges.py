"""Made-up judges whose truth is known: the model of docs/decisions/0022-scores.md, one round of marks for a seed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from yanzhen.engines.programmes.scoring.marks import Entry, Given, ScoreInput

APPLICATIONS, JUDGES, EACH, TOP = 20_000, 800, 5, 400
TRADES = 8
OUTSIDE = 0.2
"""Share of a judge's files that are of other trades, where trades are apart."""
POINTS = 10.0
"""One standard deviation of quality in points."""
NOISE = 0.62
"""Of a mark, in standard deviations of quality: not given by the model's source; at this the plain mean finds 57 %."""
SHIFT = 20.0
Floats = npt.NDArray[np.float64]
Indexes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class World:
    """`judge` and `marks` are applications x EACH; `friends` and `victims` are what cheats lifted and sank."""

    quality: Floats
    judge: Indexes
    marks: Floats
    friends: Indexes
    victims: Indexes
    severity: Floats
    stretch: Floats
    wide: bool

    def look(self, chance: np.random.Generator, application: int, judge: int) -> float:
        """Return what an honest look of a judge at an application gives."""
        noise = chance.normal(0, NOISE) * (self.stretch[judge] if self.wide else 1)
        seen = self.stretch[judge] * self.quality[application] + noise - self.severity[judge]
        return round(float(70 + POINTS * seen), 1)

    @property
    def top(self) -> set[int]:
        return best(self.quality)

    def given(self) -> ScoreInput:
        marks = tuple(
            Given(application, judge, Decimal(str(value)))
            for application, (judges, values) in enumerate(
                zip(self.judge.tolist(), self.marks.tolist(), strict=True)
            )
            for judge, value in zip(judges, values, strict=True)
        )
        entries = tuple(Entry(application) for application in range(len(self.judge)))
        return ScoreInput(marks, entries, Decimal(-1000), Decimal(1000))


def best(scores: Floats) -> set[int]:
    return set(np.argsort(-scores, kind="stable")[:TOP].tolist())


def world(
    seed: int,
    *,
    severity: float = 0.8,
    scale: float = 0.25,
    pools: bool = False,
    cheats: float = 0.0,
    wide: bool = False,
) -> World:
    """Return a round; with `wide` the noise of a judge grows with the scale."""
    chance = np.random.default_rng(seed)
    quality = chance.normal(size=APPLICATIONS)
    trade, home = chance.integers(0, TRADES, APPLICATIONS), np.arange(JUDGES) % TRADES
    if pools:
        quality += chance.normal(0, 0.8, TRADES)[trade]
    lots = chance.exponential(size=(APPLICATIONS, JUDGES))
    if pools:
        lots /= np.where(
            home[None, :] == trade[:, None], (1 - OUTSIDE) * TRADES, OUTSIDE * TRADES / (TRADES - 1)
        )
    judge = np.argpartition(lots, EACH, axis=1)[:, :EACH].astype(np.int64)
    strict, stretch = chance.normal(0, severity, JUDGES), np.exp(chance.normal(0, scale, JUDGES))
    noise = chance.normal(0, NOISE, judge.shape) * (stretch[judge] if wide else 1)
    marks = 70 + POINTS * (stretch[judge] * quality[:, None] + noise - strict[judge])
    friends, victims = _cheat(chance, cheats, quality, judge, marks)
    return World(quality, judge, np.round(marks, 1), friends, victims, strict, stretch, wide)


def _cheat(
    chance: np.random.Generator, cheats: float, quality: Floats, judge: Indexes, marks: Floats
) -> tuple[Indexes, Indexes]:
    """A share of judges lift one friend, who is good but not of the best, and sink the two best whom they mark."""
    friends, victims = [], []
    place = np.empty(APPLICATIONS, np.int64)
    place[np.argsort(-quality)] = np.arange(APPLICATIONS)
    for cheat in chance.choice(JUDGES, round(JUDGES * cheats), replace=False).tolist():
        rows, columns = np.nonzero(judge == cheat)
        order = np.argsort(place[rows])
        sunk = order[:2]
        lifted = next(o for o in order[2:] if place[rows[o]] >= TOP)
        marks[rows[sunk], columns[sunk]] -= SHIFT
        marks[rows[lifted], columns[lifted]] += SHIFT
        friends.append(int(rows[lifted]))
        victims.extend(rows[sunk].tolist())
    return np.array(friends, np.int64), np.array(victims, np.int64)
