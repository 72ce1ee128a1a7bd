"""Where the texts are: a domain declares a kind and how its texts are read, so that an index can be made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from yanzhen.foundation.registry import Registry


class Words(NamedTuple):
    """What an item says: the title weighs more than the body."""

    title: str
    body: str

    @property
    def whole(self) -> str:
        return f"{self.title}\n{self.body}"


Reading = Callable[[Sequence[int]], Mapping[int, Words]]
"""Returns the words of the items with these ids; ids without an item are left out."""


@dataclass(frozen=True, slots=True)
class Source:
    """`ids` returns up to so many ids greater than the given one, in order."""

    code: str
    label: str
    texts: Reading
    ids: Callable[[int, int], list[int]]

    def batches(self, size: int) -> Iterator[Mapping[int, Words]]:
        """Read everything, in order of the ids, `size` items at a time."""
        last = 0
        while found := self.ids(last, size):
            yield self.texts(found)
            last = found[-1]


SOURCES: Registry[Source] = Registry("source of texts")
