"""Small tables kept in the process: read whole, used many thousand times, read again when they change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import connection, transaction

T = TypeVar("T")
Fingerprint = Callable[[], object]


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    value: T
    fingerprint: object
    looked_at: float


@dataclass(frozen=True, slots=True)
class _Inside(Generic[T]):
    """What a transaction that wrote the table itself sees: for this thread only, until it ends."""

    writes: list[Callable[[], None]]
    """The commit hooks of its writes. Django drops a hook with the savepoint or transaction that is rolled back."""
    kept: _Kept[T] | None


class Held(Generic[T]):
    """The result of `read`, as fresh as the fingerprint of its tables was at most `seconds` ago.

    Whoever writes the tables calls `forget`. Until that transaction ends its own thread sees what it wrote and the
    other threads see what is committed; when it is rolled back nothing of it stays behind.
    """

    def __init__(self, read: Callable[[], T], fingerprint: Fingerprint, *, seconds: float) -> None:
        self._read = read
        self._fingerprint = fingerprint
        self._seconds = seconds
        self._shared: _Kept[T] | None = None
        self._local = threading.local()

    def get(self) -> T:
        """Return the value; no statement while it is fresh, else one, and those of `read` where it changed."""
        inside: _Inside[T] | None = getattr(self._local, "inside", None)
        if inside is not None:
            return self._get_inside(inside)
        kept = self._shared
        if kept is None or not 0 <= time.monotonic() - kept.looked_at < self._seconds:
            kept = self._shared = self._look(kept)
        return kept.value

    def forget(self) -> None:
        """Read again before the next use."""
        if not connection.in_atomic_block:
            self._shared = None
            return

        def committed() -> None:
            self._local.inside = None
            self._shared = None

        transaction.on_commit(committed)
        former: _Inside[T] | None = getattr(self._local, "inside", None)
        self._local.inside = _Inside([*(former.writes if former else ()), committed], None)

    def _get_inside(self, inside: _Inside[T]) -> T:
        pending = {id(entry[1]) for entry in connection.run_on_commit}
        writes = [hook for hook in inside.writes if id(hook) in pending]
        if not writes:
            self._local.inside = None
            return self.get()
        if inside.kept is None or len(writes) != len(inside.writes):
            inside = self._local.inside = _Inside(writes, self._look(inside.kept))
        assert inside.kept is not None  # noqa: S101  # set in the line above where it was not
        return inside.kept.value

    def _look(self, kept: _Kept[T] | None) -> _Kept[T]:
        fingerprint = self._fingerprint()
        if kept is not None and kept.fingerprint == fingerprint:
            return _Kept(kept.value, fingerprint, time.monotonic())
        return _Kept(self._read(), fingerprint, time.monotonic())


def fingerprint_of(*queries: str) -> Fingerprint:
    """Return a function that digests what `queries` select, in one statement."""
    parts = ", ".join(
        f"(select row(count(*), bit_xor(hashtextextended(q::text, 0))) from ({query}) q)::text"  # noqa: S608  # program text
        for query in queries
    )

    def digest() -> object:
        with connection.cursor() as cursor:
            cursor.execute(f"select {parts}")  # program text only
            return cursor.fetchone()

    return digest
