"""Registries: where declarations are listed, so that tests, docs and faces can walk them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from yanzhen.foundation.errors import DeclarationError


class Declared(Protocol):
    @property
    def code(self) -> str: ...


D = TypeVar("D", bound=Declared)


class Registry(Generic[D]):
    """Declarations of one kind by code, in the order in which they were added."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._items: dict[str, D] = {}

    def add(self, declaration: D) -> D:
        """List `declaration` and return it; raises DeclarationError where its code is taken."""
        if declaration.code in self._items:
            raise DeclarationError(f"{self._kind} {declaration.code} is declared twice")
        self._items[declaration.code] = declaration
        return declaration

    def __getitem__(self, code: str) -> D:
        return self._items[code]

    def __contains__(self, code: object) -> bool:
        return code in self._items

    def __iter__(self) -> Iterator[D]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)
