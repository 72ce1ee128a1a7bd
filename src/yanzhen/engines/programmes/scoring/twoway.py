"""Applications and judges taken apart: quality, severity, the width of a judge's scale, and how far a mark is believed.

    mark = centre + quality - severity + (scale - 1) * quality + noise

Quality is counted from the centre, severity at an average application. A quality is the sum of the believed marks, each
less its judge's severity, over the sum of the judges' scales: the better of nobody's guess whether the noise of a judge
grows with the scale. Judges are fitted by weighted least squares in turn with the qualities, with Huber weights; the scale is drawn towards 1 as if some marks more had said so, so that a judge with few marks or
with files all alike is not believed to have an odd one. Why this and not a z-score: docs/decisions/0022-scores.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yanzhen.engines.programmes.scoring.marks import Floats, Table
from yanzhen.foundation.errors import Refusal

NORMAL = 1.4826
"""A median absolute deviation times this is the standard deviation of a normal distribution."""
MOST_ROUNDS = 5000
SETTLED = 1e-9
"""Largest move of a quality in a round, as a share of the spread of the marks, at which the fit is done: what is left
to move after it, even where judges hang together by a thread, is less than what is told."""
FREE_ROUNDS = 50
"""After these the bound of belief stays where it is, so that nothing swings."""
WIDEST = 4.0
"""No scale is believed to be wider, or narrower than its inverse: a judge who marks upside down is never turned round."""
ALONE = 1e-9
NAMED = 20


class Unconnected(Refusal):
    """`data`: `parts`, the judges of each part, the largest first; `few`, marks by judge where they are too few."""

    code = "unconnected"


@dataclass(frozen=True, slots=True)
class Fit:
    """`quality` is by application, `severity` and `scale` by judge, the rest by mark."""

    table: Table
    centre: float
    level: float
    """Mean of the plain means: corrected scores are told on that level, so that they can be laid beside the raw."""
    quality: Floats
    """Points above the average application; their mean is 0."""
    severity: Floats
    scale: Floats
    weight: Floats
    """1 for a mark that is believed, less the further it lies off."""
    residual: Floats
    """Mark less what the fit expects of it."""
    leverage: Floats
    """Share (0-1) of a mark in the quality of its own application."""
    noise: float
    """Standard deviation of a mark of a judge with scale 1, estimated robustly; that of others goes by its root."""
    rounds: int

    @property
    def corrected(self) -> Floats:
        """By application, on the scale of the marks; the best and the worst may lie beyond its ends."""
        scores: Floats = self.level + self.quality
        return scores


def refuse_unconnected(table: Table, least: int) -> None:
    """Raise Unconnected where judges can not be compared: parts without a common file, or under `least` marks."""
    counts = table.by_judge()
    few = {int(table.judges[j]): int(counts[j]) for j in np.flatnonzero(counts < least)}
    parts = _parts(table)
    said = []
    if len(parts) > 1:
        small = "；".join(_named(part) for part in parts[1:4])
        said.append(
            f"评委与申报分成互不相连的 {len(parts)} 部分，除最大的一部分外有：{small}。各部分之间没有共同评过的申报，"
            f"宽严无从比较；请安排交叉评审或共同评审标杆材料，或改用平均分"
        )
    if few:
        named = "、".join(f"{judge}（{count} 份）" for judge, count in list(few.items())[:NAMED])
        more = f"等 {len(few)} 人" if len(few) > NAMED else ""
        said.append(f"评委 {named}{more}所评不足 {least} 份，估不准其宽严；请补评，或改用平均分")
    if said:
        raise Unconnected("不能作评委校正：" + "；".join(said) + "。", parts=parts, few=few)


def _parts(table: Table) -> list[list[int]]:
    """Return the judges of each connected part, the part with most judges first, then by the lowest id."""
    root = list(range(len(table.judges)))

    def top(judge: int) -> int:
        while root[judge] != judge:
            root[judge] = judge = root[root[judge]]
        return judge

    first: dict[int, int] = {}
    for application, judge in zip(table.application.tolist(), table.judge.tolist(), strict=True):
        root[top(judge)] = top(first.setdefault(application, judge))
    found: dict[int, list[int]] = {}
    for index, judge in enumerate(table.judges.tolist()):
        found.setdefault(top(index), []).append(judge)
    return sorted(found.values(), key=lambda part: (-len(part), part[0]))


def _named(part: list[int]) -> str:
    more = f"等 {len(part)} 人" if len(part) > NAMED else ""
    return "评委 " + "、".join(map(str, part[:NAMED])) + more


def fit(table: Table, *, huber: float, prior: float) -> Fit:
    """Fit the model to marks that are connected.

    `huber`: residuals beyond so many standard deviations count less. `prior`: how many marks draw a scale towards 1.
    Raises Unconnected where the judges share so few files that the fit does not settle.
    """
    spread = float(np.std(table.values)) or 1.0
    state = _State(table, prior * spread**2)
    for rounds in range(1, MOST_ROUNDS + 1):
        moved = state.judges_then_quality()
        if rounds <= FREE_ROUNDS:
            state.bound = huber * state.noise(state.residual())
        state.believe()
        if moved <= SETTLED * spread and rounds > 1:
            return state.fit(rounds)
    raise Unconnected(
        "不能作评委校正：各评委共同评过的申报太少，宽严估计不稳定。请增加交叉评审或共同标杆材料，或改用平均分。",
        parts=_parts(table),
        few={},
    )


class _State:
    """The estimates of one fit as they settle; arrays by judge, by application (`quality`, from 0) and by mark."""

    def __init__(self, table: Table, pull: float) -> None:
        self.table = table
        self.pull = pull
        self.counts = table.by_application()
        self.weight = np.ones_like(table.values)
        means = table.by_application(table.values) / self.counts
        self.centre = float(means.mean())
        self.quality = means - self.centre
        self.offset = np.zeros(len(table.judges))
        self.scale = np.ones(len(table.judges))
        self.bound = 0.0
        """Residual beyond which a mark is believed less; 0 while none is doubted."""

    def judges_then_quality(self) -> float:
        """Estimate the judges from the qualities, then the qualities from the judges; return the largest move."""
        table, weight, before = self.table, self.weight, self.quality
        value, quality = table.values - self.centre, before[table.application]
        total = table.by_judge(weight)
        mean, middle = table.by_judge(weight * value) / total, table.by_judge(weight * quality) / total
        apart = quality - middle[table.judge]
        covered = table.by_judge(weight * apart * (value - mean[table.judge]))
        scale = (covered + self.pull) / (table.by_judge(weight * apart**2) + self.pull)
        self.scale = np.clip(scale, 1 / WIDEST, WIDEST)
        self.offset = mean - self.scale * middle
        self._level()
        upper = table.by_application(weight * (value - self.offset[table.judge]))
        self.quality = upper / table.by_application(weight * self.scale[table.judge])
        return float(np.abs(self.quality - before).max(initial=0.0))

    def _level(self) -> None:
        """Fix what the marks leave open: the scales have mean 1, the offsets mean 0, each judge by his weight."""
        share = self.table.by_judge()
        self.scale /= float(np.average(self.scale, weights=share))
        self.offset -= float(np.average(self.offset, weights=share))

    def residual(self) -> Floats:
        table = self.table
        expected = self.offset[table.judge] + self.scale[table.judge] * self.quality[table.application]
        left: Floats = table.values - self.centre - expected
        return left

    def leverage(self) -> Floats:
        pulls = self.weight * self.scale[self.table.judge]
        share: Floats = pulls / self.table.by_application(pulls)[self.table.application]
        return share

    def noise(self, residual: Floats) -> float:
        """Marks that alone carry their application fit exactly and say nothing about noise."""
        free = 1 - self.leverage()
        known = free > ALONE
        if not known.any():
            return 0.0
        even = np.abs(residual[known]) / np.sqrt(free * self.scale[self.table.judge])[known]
        return float(NORMAL * np.median(even))

    def believe(self) -> None:
        if self.bound > 0:
            even = np.abs(self.residual()) / np.sqrt(self.scale[self.table.judge])
            self.weight = np.minimum(1.0, self.bound / np.maximum(even, self.bound))

    def fit(self, rounds: int) -> Fit:
        residual, middle = self.residual(), float(self.quality.mean())
        means = self.table.by_application(self.table.values) / self.counts
        return Fit(
            table=self.table,
            centre=self.centre + middle,
            level=float(means.mean()),
            quality=self.quality - middle,
            severity=-(self.offset + (self.scale - 1) * middle),
            scale=self.scale,
            weight=self.weight,
            residual=residual,
            leverage=self.leverage(),
            noise=self.noise(residual),
            rounds=rounds,
        )
