"""The normal form of a text: NFKC, lower case, simplified characters. One form for what is stored and what is asked.

The database's function `search_normal` does the same (install.py); what is looked up passes that one on both sides, so
that a difference between two editions of Unicode can not hide a text. This one is for pages and refusals.
"""

from __future__ import annotations

import unicodedata

from yanzhen.foundation.letters import to_simplified


def normal(text: str) -> str:
    """Return the normal form; it may be longer or shorter than `text` ("㈱" has three characters)."""
    return "".join(map(_lower, unicodedata.normalize("NFKC", text))).translate(to_simplified())


def _lower(letter: str) -> str:
    """Lower one character by itself, as the database does: no letter depends on its neighbours or becomes two."""
    lower = letter.lower()
    return lower if len(lower) == 1 else letter
