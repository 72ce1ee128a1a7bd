"""What a panel looks at before it believes a place: odd marks, judges who differ, judges who drift, places that hinge.

A flag accuses nobody and changes nothing. An odd mark goes to another judge, who marks the file without seeing it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from yanzhen.engines.programmes.scoring.criteria import Criteria, Kind
from yanzhen.engines.programmes.scoring.marks import AspectGiven, Floats, Given, mean
from yanzhen.engines.programmes.scoring.methods import dispersion, told
from yanzhen.engines.programmes.scoring.runs import ScoreResult
from yanzhen.engines.programmes.scoring.ties import Cut
from yanzhen.engines.programmes.scoring.twoway import ALONE, Fit

FEWEST = 3
"""Marks from which on an agreement can be told."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """A mark far from what its judge's other marks and its application's other judges let expect.

    `strength` counts standard deviations, above 0 where the mark is too high.
    """

    application: int
    judge: int
    value: Decimal
    expected: Decimal
    strength: Decimal


def outliers(fit: Fit, threshold: float) -> tuple[Outlier, ...]:
    """Return the marks to be given to another judge, the strongest first, too high as well as too low."""
    table, strength = fit.table, _strength(fit)
    found = np.flatnonzero(np.abs(strength) > threshold)
    order = found[np.lexsort((table.judge[found], table.application[found], -np.abs(strength[found])))]
    return tuple(
        Outlier(
            application=int(table.applications[table.application[i]]),
            judge=int(table.judges[table.judge[i]]),
            value=told(float(table.values[i])),
            expected=told(float(table.values[i] - fit.residual[i] / max(1 - fit.leverage[i], ALONE))),
            strength=told(float(strength[i])),
        )
        for i in order.tolist()
    )


def _strength(fit: Fit) -> Floats:
    """Residuals in standard deviations; a mark pulls its own expectation along, which is taken out."""
    free = 1 - fit.leverage
    known = (free > ALONE) & (fit.noise > 0)
    width = fit.noise * np.sqrt(np.where(known, free * fit.scale[fit.table.judge], 1.0))
    strength: Floats = np.divide(fit.residual, width, out=np.zeros_like(fit.residual), where=known)
    return strength


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """How a judge marked. `severity`: points below colleagues at an average application, negative where lenient.

    `scale`: spread beside that of colleagues, 1 the same. `consistency`: correlation (-1 to 1) of the marks with what the
    other judges of the same applications say; None of fewer than three marks or of marks all alike.
    """

    judge: int
    n: int
    severity: Decimal
    scale: Decimal
    consistency: Decimal | None


def judge_reports(fit: Fit) -> tuple[JudgeReport, ...]:
    """Return a report for each judge, by id."""
    counts, agreement = fit.table.by_judge(), _agreement(fit)
    return tuple(
        JudgeReport(
            judge=judge,
            n=int(counts[j]),
            severity=told(float(fit.severity[j])),
            scale=told(float(fit.scale[j])),
            consistency=None if np.isnan(agreement[j]) else told(float(agreement[j])),
        )
        for j, judge in enumerate(fit.table.judges.tolist())
    )


def _agreement(fit: Fit) -> Floats:
    table, free = fit.table, 1 - fit.leverage
    known = free > ALONE
    own = np.where(known, fit.residual * fit.leverage / np.where(known, free, 1), 0) / fit.scale[table.judge]
    others = fit.quality[table.application] - own
    seen = known.astype(np.float64)
    count = table.by_judge(seen)
    safe = np.maximum(count, 1)
    left = (table.values - (table.by_judge(seen * table.values) / safe)[table.judge]) * seen
    right = (others - (table.by_judge(seen * others) / safe)[table.judge]) * seen
    width = np.sqrt(table.by_judge(left**2) * table.by_judge(right**2))
    told_of = (count >= FEWEST) & (width > ALONE)
    agreement: Floats = np.full(len(count), np.nan)
    np.divide(table.by_judge(left * right), width, out=agreement, where=told_of)
    return agreement


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A judgement aspect on which the judges of an application lie too far apart: they discuss, then score again."""

    application: int
    aspect: str
    levels: tuple[tuple[int, Decimal], ...]
    """Judge and level, by judge."""


def disagreements(
    criteria: Criteria, given: Iterable[AspectGiven], *, apart: Decimal
) -> tuple[Disagreement, ...]:
    """Return where levels of a judgement differ by more than `apart`, by application and then as aspects are declared."""
    order = {a.code: i for i, a in enumerate(criteria.aspects) if a.kind is Kind.JUDGEMENT}
    levels: dict[tuple[int, int, str], list[tuple[int, Decimal]]] = {}
    for application, judge, aspect, value in given:
        if aspect in order and value is not None:
            levels.setdefault((application, order[aspect], aspect), []).append((judge, value))
    return tuple(
        Disagreement(application, aspect, tuple(sorted(found)))
        for (application, _, aspect), found in sorted(levels.items())
        if max(v for _, v in found) - min(v for _, v in found) > apart
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a judge may lie from the agreed values of the anchor files, in points, and still be let in."""

    bias: Decimal
    """Of the mean difference, either way."""
    spread: Decimal
    """Standard deviation of the differences."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A judge beside the anchor files. `bias` above 0 is lenient; `missing` are anchors without a number from him."""

    judge: int
    n: int
    bias: Decimal | None
    spread: Decimal | None
    missing: tuple[int, ...]
    ready: bool


def calibrate(
    judges: Iterable[int], given: Iterable[Given], anchors: Mapping[int, Decimal], limits: Limits
) -> tuple[Calibration, ...]:
    """Lay the marks on anchor files beside the values agreed for them; marks on other files are passed over.

    A judge is ready who marked every anchor and lies within the limits; one who marked nothing is in the list too.
    """
    off: dict[int, dict[int, Decimal]] = {judge: {} for judge in judges}
    for application, judge, value in given:
        if application in anchors and value is not None and judge in off:
            off[judge][application] = value - anchors[application]
    return tuple(_calibration(judge, off[judge], anchors, limits) for judge in sorted(off))


def _calibration(
    judge: int, off: Mapping[int, Decimal], anchors: Mapping[int, Decimal], limits: Limits
) -> Calibration:
    differences = list(off.values())
    bias = mean(differences) if differences else None
    spread = dispersion(differences)
    missing = tuple(sorted(anchors.keys() - off.keys()))
    near = bias is not None and abs(bias) <= limits.bias and (spread is None or spread <= limits.spread)
    return Calibration(judge, len(differences), bias, spread, missing, near and not missing)


@dataclass(frozen=True, slots=True)
class Hinge:
    """An application whose place depends on the correction: `inside` by the corrected score or by the raw one alone."""

    application: int
    rank: int
    raw_rank: int
    inside: bool
    """By the corrected score."""


def hinges(result: ScoreResult, number: int) -> tuple[Hinge, ...]:
    """Return who is in for one of the two scores and not for the other, with `number` places; the panel is told of them."""
    ours, raw = _reached(result.within(number)), _reached(result.raw_within(number))
    return tuple(
        Hinge(score.application, score.place.rank, score.raw_place.rank, score.application in ours)
        for score in result.scores
        if score.place and score.raw_place and (score.application in ours) != (score.application in raw)
    )


def _reached(cut: Cut) -> frozenset[int]:
    return cut.inside | cut.border
