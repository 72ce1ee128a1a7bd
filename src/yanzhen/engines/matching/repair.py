"""Judges who leave and conflicts learned late: the holes alone are filled anew, and no filed mark moves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from yanzhen.engines.matching.candidates import Scores, located
from yanzhen.engines.matching.field import Field, Judges, Named, digest
from yanzhen.engines.matching.network import SOLVER, Bools, Ints
from yanzhen.engines.matching.panels import NOISE, Panel, Seats, Stamp, fill


@dataclass(frozen=True, slots=True)
class Standing:
    """The pairs of a running round by key, and which of them have their mark filed."""

    applications: Ints
    judges: Ints
    filed: Bools


@dataclass(frozen=True, slots=True)
class Repair:
    """`kept`, `released` and `voided` are places in the standing pairs: who stays, who had filed nothing and leaves,
    whose filed mark no longer counts. `panel` holds the new pairs."""

    kept: Ints
    released: Ints
    voided: Ints
    panel: Panel


def repair(field: Field, standing: Standing, *, gone: Ints, seed: int, noise: int = NOISE) -> Repair:
    """Fill the holes that `gone` judges and bars learned late leave. `field` has the bars as they are now known.

    A filed mark of a judge who left still counts; one that a bar now forbids is void. Raises ValueError where a
    standing pair is not of this field.
    """
    ordered = field.ordered()
    rows, known = located(ordered.applications.keys, standing.applications)
    columns, held = located(ordered.judges.keys, standing.judges)
    if not (known & held).all():
        raise ValueError("a standing pair is not of this field")
    order = np.lexsort((columns, rows))
    rows, columns, filed = rows[order], columns[order], standing.filed[order]
    barred = _barred(Scores(ordered, seed, noise), rows, columns)
    away = np.isin(ordered.judges.keys, gone)
    leaving = ~filed & (away[columns] | barred)
    kept = ~leaving & ~barred
    parts = [field.digest(), standing.applications[order], standing.judges[order], filed, np.sort(gone)]
    stamp = Stamp(seed, digest([*parts, seed, noise]), SOLVER)
    seats = Seats(rows[kept], columns[kept])
    panel = fill(_without(ordered, away, seats), seats, stamp, noise=noise, floor=False)
    return Repair(np.sort(order[kept]), np.sort(order[leaving]), np.sort(order[filed & barred]), panel)


def _without(field: Field, away: Bools, seats: Seats) -> Field:
    """Return the field in which the gone have no room and nobody sits twice on one panel."""
    j = field.judges
    seated = Named("seated", field.applications.keys[seats.rows], j.keys[seats.columns])
    left = Judges(j.keys, j.traits, np.where(away, 0, j.least), np.where(away, 0, j.most))
    return replace(field, judges=left, bars=(*field.bars, seated))


def _barred(scores: Scores, rows: Ints, columns: Ints) -> Bools:
    """Tell of each pair, in the order of rows, whether it may not meet."""
    found = np.zeros(len(rows), np.bool_)
    for start in range(0, len(rows), 4096):
        part = slice(start, start + 4096)
        block, at = np.unique(rows[part], return_inverse=True)
        found[part] = scores.barred(block)[at, columns[part]]
    return found
