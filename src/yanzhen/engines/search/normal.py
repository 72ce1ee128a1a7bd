"""The normal form of a text: NFKC, lower case, simplified characters. One form for what is stored and what is asked.

The database's function `search_normal` does the same (install.py); what is looked up passes that one on both sides, so
that a difference between two editions of Unicode can not hide a text. This one is for pages and refusals.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

LETTERS = Path(__file__).parent / "data" / "simplified.txt"
"""Traditional characters, and in the second line their simplified forms: scripts/letters.py made it from OpenCC."""


@cache
def letters() -> tuple[str, str]:
    """Return the traditional characters and, at the same places, the simplified ones."""
    traditional, simplified = LETTERS.read_text(encoding="utf-8").splitlines()
    return traditional, simplified


@cache
def _table() -> dict[int, str]:
    return dict(zip(map(ord, letters()[0]), letters()[1], strict=True))


def normal(text: str) -> str:
    """Return the normal form; it may be longer or shorter than `text` ("㈱" has three characters)."""
    return "".join(map(_lower, unicodedata.normalize("NFKC", text))).translate(_table())


def _lower(letter: str) -> str:
    """Lower one character by itself, as the database does: no letter depends on its neighbours or becomes two."""
    lower = letter.lower()
    return lower if len(lower) == 1 else letter
