"""Grams as numbers: weighed by how rare they are, the whole text beside its head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from yanzhen.engines.classifier import grams

Floats = npt.NDArray[np.float32]
LEAST = 2
"""Texts that a gram must stand in: what stands in one alone says nothing about the next."""
HEAD_SHARE = 0.5
"""Weight of the head beside the whole text, of which it is a part: measured, bench/classify.py."""


@dataclass(frozen=True, slots=True)
class Block:
    """One vocabulary with the rareness (smoothed idf) of each gram."""

    known: grams.Codes
    rareness: Floats

    @classmethod
    def learn(cls, texts: Sequence[grams.Codes], *, most: int) -> Block:
        known = grams.vocabulary(texts, least=LEAST, most=most)
        counted = grams.count(texts, known)
        standing = np.bincount(counted.indices, minlength=len(known))
        rareness = np.log((1 + len(texts)) / (1 + standing)) + 1
        return cls(known, rareness.astype(np.float32))

    def weigh(self, texts: Sequence[grams.Codes]) -> sparse.csr_matrix:
        """Return rows of length 1, or of nothing where no gram is known."""
        counted = grams.count(texts, self.known)
        counted.data *= self.rareness[counted.indices]
        return unit(counted)


@dataclass(frozen=True, slots=True)
class Features:
    whole: Block
    head: Block

    @classmethod
    def learn(cls, texts: Sequence[str], *, most: int) -> Features:
        """Learn from normal texts; `most` grams of the whole, a quarter as many of the head."""
        whole = Block.learn([grams.codes(text) for text in texts], most=most)
        head = Block.learn([grams.codes(grams.head(text)) for text in texts], most=max(most // 4, 1))
        return cls(whole, head)

    def weigh(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Return a row for each normal text: the columns of the whole, then those of the head."""
        whole = self.whole.weigh([grams.codes(text) for text in texts])
        head = self.head.weigh([grams.codes(grams.head(text)) for text in texts])
        return sparse.hstack([whole, head * np.float32(HEAD_SHARE)], format="csr", dtype=np.float32)

    @property
    def names(self) -> grams.Codes:
        """The gram of each column."""
        return np.concatenate([self.whole.known, self.head.known])


def unit(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return `rows`, each divided by its length; an empty row stays empty."""
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    scale = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    scaled = rows.copy()
    scaled.data *= np.repeat(scale, np.diff(rows.indptr)).astype(rows.dtype)
    return scaled
