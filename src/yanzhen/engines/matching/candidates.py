"""Which judges come into question for which applications: the best fitting of each, and some by lot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from yanzhen.engines.matching.draws import Draws, scatter
from yanzhen.engines.matching.field import NOBODY, Apart, Field, Lacking, Named
from yanzhen.engines.matching.network import Bools, Ints, Nodes

BLOCK = 256
"""Applications looked at together: the block stays in the processor's cache."""
BARRED = np.int32(-(2**31))
"""The score of a pair that may not meet."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs in the order of application, then judge: row and column of the ordered field, and the score of each."""

    rows: Nodes
    columns: Nodes
    scores: Nodes

    def union(self, other: Candidates, width: int) -> Candidates:
        """Return the pairs of both, each once; `width` is the number of judges."""
        cells = np.concatenate([self.cells(width), other.cells(width)])
        _cells, first = np.unique(cells, return_index=True)
        return Candidates(
            *(
                np.concatenate(both)[first]
                for both in (
                    (self.rows, other.rows),
                    (self.columns, other.columns),
                    (self.scores, other.scores),
                )
            )
        )

    def cells(self, width: int) -> Ints:
        return self.rows.astype(np.int64) * width + self.columns


class Scores:
    """Scores of an ordered field in millionths: the product of traits, plus up to `noise` by the seed.

    The product is of whole numbers, so that every machine comes to the same figures, and of the traits that are there:
    few are, and no thread of a dense product spins beside it.
    """

    def __init__(self, field: Field, seed: int, noise: int) -> None:
        self.field, self.seed, self.noise = field, seed, noise
        self._left = sparse.csr_array(field.applications.traits.astype(np.int32))
        self._right = np.ascontiguousarray(field.judges.traits.astype(np.int32).T)
        self._named = [_located(bar, field) for bar in field.bars if isinstance(bar, Named)]

    def blocks(self, rows: Ints | None = None) -> Iterator[tuple[Ints, Nodes, Draws]]:
        """Yield row numbers, their scores against all judges (BARRED where they may not meet), and the draws."""
        chosen = np.arange(self._left.shape[0]) if rows is None else rows
        keys, judges = self.field.applications.keys, self.field.judges.keys
        for start in range(0, len(chosen), BLOCK):
            block = chosen[start : start + BLOCK]
            draws = scatter(self.seed, keys[block][:, None], judges[None, :])
            scores = self._left[block] @ self._right
            scores += self._noise(draws)
            scores[self.barred(block)] = BARRED
            yield block, scores, draws

    def plain(self, rows: Ints, columns: Ints) -> Ints:
        """Return the scores of pairs without the noise."""
        a, j = self.field.applications, self.field.judges
        found: Ints = np.einsum("ij,ij->i", a.traits[rows], j.traits[columns])
        return found

    def barred(self, rows: Ints) -> Bools:
        """Tell which pairs of these rows with all judges may not meet."""
        found = np.zeros((len(rows), len(self.field.judges.keys)), np.bool_)
        for _reason, mask in self.barred_by(rows):
            found |= mask
        return found

    def barred_by(self, rows: Ints) -> Iterator[tuple[str, Bools]]:
        """Yield each reason with the pairs that it keeps apart."""
        named = iter(self._named)
        for bar in self.field.bars:
            yield (
                bar.reason,
                self._by_name(next(named), rows) if isinstance(bar, Named) else _mask(bar, rows),
            )

    def _by_name(self, cells: tuple[Ints, Ints], rows: Ints) -> Bools:
        mask = np.zeros((len(rows), len(self.field.judges.keys)), np.bool_)
        place = np.full(len(self.field.applications.keys), -1)
        place[rows] = np.arange(len(rows))
        low, high = np.searchsorted(cells[0], [rows.min(), rows.max() + 1]) if len(rows) else (0, 0)
        at = place[cells[0][low:high]]
        mask[at[at >= 0], cells[1][low:high][at >= 0]] = True
        return mask

    def _noise(self, draws: Draws) -> Nodes:
        return (((draws >> np.uint64(40)) * np.uint64(self.noise)) >> np.uint64(24)).astype(np.int32)


def gather(scores: Scores, best: int, lots: int, rows: Ints | None = None) -> Candidates:
    """Return the `best` fitting judges of each application and about `lots` of the rest by lot; all equal to the last too."""
    width = len(scores.field.judges.keys)
    share = np.uint32(min(lots / max(width, 1), 1.0) * (2**32 - 1))
    found = []
    for block, values, draws in scores.blocks(rows):
        if best >= width:
            keep = values != BARRED
        else:
            line = np.partition(values, width - best, axis=1)[:, width - best]
            keep = (values >= line[:, None]) | ((draws & np.uint64(0xFFFFFFFF)) < share)
            keep &= values != BARRED
        found.append(pairs_of(block, values, keep))
    return stacked(found)


def pairs_of(block: Ints, values: Nodes, keep: Bools) -> Candidates:
    at, columns = np.nonzero(keep)
    return Candidates(block[at].astype(np.int32), columns.astype(np.int32), values[at, columns])


def stacked(found: list[Candidates]) -> Candidates:
    if not found:
        return Candidates(*(np.zeros(0, np.int32) for _ in range(3)))
    parts = ([f.rows for f in found], [f.columns for f in found], [f.scores for f in found])
    return Candidates(*(np.concatenate(part) for part in parts))


def _mask(bar: Apart | Lacking, rows: Ints) -> Bools:
    if isinstance(bar, Apart):
        left = bar.applications[rows][:, None]
        same: Bools = (left == bar.judges[None, :]) & (left != NOBODY)
        return same
    missing: Bools = sparse.csr_array(bar.needs[rows].astype(np.int32)) @ (~bar.holds).astype(np.int32).T > 0
    return missing


def _located(bar: Named, field: Field) -> tuple[Ints, Ints]:
    """Return rows and columns of named pairs, in the order of rows; pairs with a key that is not here do not matter."""
    rows, known = located(field.applications.keys, bar.applications)
    columns, held = located(field.judges.keys, bar.judges)
    both = known & held
    order = np.argsort(rows[both], kind="stable")
    return rows[both][order], columns[both][order]


def located(keys: Ints, wanted: Ints) -> tuple[Ints, Bools]:
    """Return where each wanted key stands in the ordered `keys`, and whether it is there at all."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return at, keys[at] == wanted
