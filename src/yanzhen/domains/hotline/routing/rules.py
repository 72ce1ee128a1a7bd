"""How a route is found: the closest matter first, then the closest place. Every decision says how it came about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from yanzhen.foundation.scope import prefix_of


@dataclass(frozen=True, slots=True)
class Row:
    """A route as it is looked up. `region` and `category` are prefixes; `to` is what it leads to, as people read it."""

    pk: int
    region: str
    category: str
    valid_from: date
    valid_to: date | None
    line: str
    organisation: int | None
    to: str
    source: str
    place: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The route that was found, or None, and the sentences that say why."""

    row: Row | None
    why: tuple[str, ...]


Table = Mapping[tuple[str, str], Sequence[Row]]
"""Rows by (category prefix, region prefix)."""


def table_of(rows: Iterable[Row]) -> Table:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.category, row.region), []).append(row)
    return found


def decide(table: Table, region: str, category: str, *, on: date, names: Mapping[str, str]) -> Decision:
    """Return the route of a matter: of all that fit, the longest category prefix, and among those the longest region.

    `category` may be "" where nobody knows it yet; then only the routes for every matter fit. `names` are those of the
    categories by code, for the sentences.
    """
    why: list[str] = []
    for theme in _prefixes(category, step=2, shortest=0):
        matter = f"类别“{names.get(theme, theme)}”" if theme else "所有类别"
        for place in _prefixes(prefix_of(region), step=1, shortest=2):
            for row in table.get((theme, place), ()):
                if row.valid_from <= on and (row.valid_to is None or on < row.valid_to):
                    why.append(
                        f"{row.place}、{matter}的规则（自 {row.valid_from} 起，{row.source}）：{row.to}"
                    )
                    return Decision(row, tuple(why))
        if theme:
            why.append(f"{matter}没有适用于该区划的规则")
    why.append("没有适用的派单规则，由派单员决定")
    return Decision(None, tuple(why))


def _prefixes(code: str, *, step: int, shortest: int) -> list[str]:
    return [code[:n] for n in range(len(code), shortest - 1, -step)]
