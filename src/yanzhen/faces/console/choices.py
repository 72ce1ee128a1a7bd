"""What the console's forms offer to choose from: regions and trees as groups.

What every list offers is made once for each language, as long as the rows it is made of stay the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby

from django.conf import settings
from django.utils.translation import get_language, gettext

from yanzhen.faces.places import Row, categories, cities_and_counties
from yanzhen.foundation.models import Region

Choice = tuple[str, str]
Group = tuple[str, Sequence[Choice]]
BLANK = "\u3000"
"""As wide as a Chinese character: a step of a tree in a list of choices."""


def province() -> Choice:
    return settings.PROVINCE, gettext("全省")


def regions() -> tuple[Choice | Group, ...]:
    """Return cities with their counties as groups; each city as a whole stands first in its group."""
    return _regions(cities_and_counties(), get_language())


@lru_cache(maxsize=8)
def _regions(rows: tuple[Row, ...], _language: str) -> tuple[Choice | Group, ...]:
    cities = {code: name for code, name, level, _ in rows if level == Region.Level.CITY}
    groups: dict[str, list[Choice]] = {
        code: [(code, gettext("%(city)s（全市）") % {"city": name})] for code, name in cities.items()
    }
    alone: list[Choice | Group] = []
    for code, name, level, parent in rows:
        if level == Region.Level.CITY:
            continue
        if parent in groups:
            groups[parent].append((code, name))
        else:
            alone.append((code, name))
    return (*((cities[code], tuple(group)) for code, group in groups.items()), *alone)


def tree(rows: Iterable[tuple[str, str]], *, leaf: int) -> list[Group]:
    """Return the nodes of code length `leaf` of a tree whose codes grow by two digits, grouped by their parents.

    `rows` are (code, name) of all levels in order of code; a group is named by the whole way to it.
    """
    names = dict(rows)
    leaves = [(code, name) for code, name in names.items() if len(code) == leaf]
    return [
        (" / ".join(names.get(parent[:n], parent[:n]) for n in range(2, leaf, 2)), list(group))
        for parent, group in groupby(leaves, key=lambda choice: choice[0][:-2])
    ]


def branches() -> tuple[Group, ...]:
    """Return the first level of the tree of categories as groups of itself as a whole and of its second level."""
    return _branches(categories(), get_language())


@lru_cache(maxsize=8)
def _branches(rows: tuple[Choice, ...], _language: str) -> tuple[Group, ...]:
    groups: dict[str, tuple[str, list[Choice]]] = {}
    for code, name in rows:
        if len(code) == 2:
            groups[code] = (name, [(code, gettext("%(branch)s（全部）") % {"branch": name})])
        elif len(code) == 4 and code[:2] in groups:
            groups[code[:2]][1].append((code, name))
    return tuple((name, tuple(found)) for name, found in groups.values())


def themes() -> list[Choice | Group]:
    """Return every node of the tree of categories, whole branches too, and first of all "every category"."""
    rows = categories()
    groups: dict[str, list[Choice]] = {}
    for code, name in rows:
        groups.setdefault(code[:2], []).append((code, f"{BLANK * (len(code) // 2 - 1)}{name}"))
    names = dict(rows)
    return [("", gettext("所有类别")), *((names.get(top, top), found) for top, found in groups.items())]
