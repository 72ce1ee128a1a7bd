"""Traditional characters and their simplified forms: one table for search, duplicates and categories alike."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "data" / "simplified.txt"
"""Lines of two characters, traditional and simplified: made from OpenCC's list by scripts/characters.py."""


@cache
def simplified() -> Mapping[str, str]:
    """Return the simplified form of each traditional character that has one; no form is in turn a traditional one."""
    return {line[0]: line[1] for line in TABLE.read_text(encoding="utf-8").splitlines()}


@cache
def to_simplified() -> Mapping[int, str]:
    """Return the same for `str.translate`."""
    return {ord(old): new for old, new in simplified().items()}
