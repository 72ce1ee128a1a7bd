"""Declare what the worker does for a round. The parts of a selection list theirs here, in their own `works.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from yanzhen.foundation.registry import Registry


class Done(NamedTuple):
    """`said` is what the page tells; `result` what it shows, in plain JSON values."""

    said: str
    result: dict[str, Any] = {}  # never written to


@dataclass(frozen=True, slots=True)
class Kind:
    """`run` does it in one transaction, or refuses; `refuse` raises at once, on the page, what is plain beforehand.

    Both are called with the round, `actor` and what was given by name.
    """

    code: str
    label: str
    right: str
    run: Callable[..., Done]
    refuse: Callable[..., object] = lambda _round, **_given: None


KINDS: Registry[Kind] = Registry("work")
