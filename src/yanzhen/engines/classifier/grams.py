"""Texts as counted character 1- to 3-grams. A gram is one integer: 21 bits a character, which Unicode never exceeds.

Characters need no dictionary, and beat words on short Chinese messages: docs/decisions/0012-classifier.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from yanzhen.foundation.letters import to_simplified

Codes = npt.NDArray[np.uint64]
LONGEST = 3
BITS = np.uint64(21)
TEXT_LIMIT = 5_000
"""Characters of a text that are read: what the body of a case may hold. The rest tells no more about the theme."""
HEAD_LIMIT = 60
HEAD_WITHOUT_LINE = 25
SENTENCE = re.compile(r".{6,45}?(?=[\s。!?;])")


def normal(text: str) -> str:
    """Return `text` with full and half width, case, traditional forms and blanks made equal; line ends are kept, NUL is not."""
    whole = unicodedata.normalize("NFKC", text[:TEXT_LIMIT]).lower().replace("\0", " ")
    lines = (" ".join(line.split()) for line in whole.translate(to_simplified()).splitlines())
    return "\n".join(line for line in lines if line)


def head(text: str) -> str:
    """Return what stands for the title of a normal text: its first line, else its first sentence."""
    line, _, rest = text.partition("\n")
    if rest and len(line) <= HEAD_LIMIT:
        return line
    found = SENTENCE.match(line)
    return found[0] if found else line[:HEAD_WITHOUT_LINE]


def codes(text: str) -> Codes:
    """Return the grams of a text, shorter ones first, each as often as it occurs."""
    points = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
    return np.concatenate([_joined(points, size) for size in range(1, LONGEST + 1)])


def text_of(code: int) -> str:
    """Return the characters of a gram."""
    letters = []
    while code:
        letters.append(chr(code & (1 << int(BITS)) - 1))
        code >>= int(BITS)
    return "".join(reversed(letters))


def vocabulary(texts: Iterable[Codes], *, least: int, most: int) -> Codes:
    """Return, sorted, the grams that stand in `least` texts or more; the `most` frequent ones where there are more."""
    found, counts = np.unique(np.concatenate([np.unique(each) for each in texts]), return_counts=True)
    found, counts = found[counts >= least], counts[counts >= least]
    if len(found) > most:
        found = np.sort(found[np.argsort(-counts, kind="stable")[:most]])
    return found


def count(texts: Sequence[Codes], known: Codes) -> sparse.csr_matrix:
    """Return how often each text (row) holds each known gram (column), as 1 + ln(count)."""
    columns, values, ends = [], [], [0]
    for each in texts:
        grams, times = np.unique(each, return_counts=True)
        place = np.searchsorted(known, grams)
        place[place == len(known)] = 0
        hit = known[place] == grams if len(known) else np.zeros(len(grams), bool)
        columns.append(place[hit])
        values.append(1 + np.log(times[hit]))
        ends.append(ends[-1] + int(hit.sum()))
    flat = (
        np.concatenate(values).astype(np.float32),
        np.concatenate(columns).astype(np.int32),
        np.array(ends, np.int32),
    )
    return sparse.csr_matrix(flat, shape=(len(texts), len(known)))


def _joined(points: Codes, size: int) -> Codes:
    whole = points[: len(points) - size + 1].copy() if len(points) >= size else points[:0].copy()
    for offset in range(1, size):
        whole <<= BITS
        whole |= points[offset : len(points) - size + 1 + offset]
    return whole
