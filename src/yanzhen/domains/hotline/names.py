"""What a caller calls a unit, and by what it is registered: whether they are the same, may be the same, or are two units.

Whoever is reported does not get to know who reported (docs/rules/hotline.md), and callers do not copy names from a register.
So the key of a case is what it says, without marks and legal form, and a unit has many keys: each of its names with and
without the places in which it lies, in full and for short. A place that tells two units apart stays in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import product
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein

from yanzhen.engines.similarity.text import text_normal, without_legal_form
from yanzhen.foundation.regions import KEPT
from yanzhen.foundation.scope import DEPTHS, prefix_of

if TYPE_CHECKING:
    from yanzhen.foundation.models import Organisation, Region

LONGEST_NAME = 128
Forms = tuple[str, ...]
MARK = re.compile(
    r"[(（\[【](?:演示|示例|样例|测试|试用|筹|筹备|筹建|筹备组|暂定|暂名|待定|化名|本部|总部|机关|(?:原|曾用|简称|以下简称|全称)[^)）\]】]{0,30})[)）\]】]"
)
"""What brackets say about a name and is no part of it. A place in brackets is: 海尔（青岛）, 海尔（上海）."""
BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
SUFFIXES = ("省", "市", "县", "区")
LEAST = 2
"""Characters of the shortest core that says anything."""
LONG = 6
"""Characters from which on two of them may be wrong, and not one."""
ABBREVIATION = 3


def name_key(name: str) -> str:
    """Return what stands for the name of a unit: without blanks, marks and legal form, of one width, simplified; "" for none."""
    whole = text_normal(MARK.sub("", name)) or text_normal(name)
    return (without_legal_form(whole) or name.strip())[:LONGEST_NAME]


def keys_of(unit: Organisation | None) -> tuple[str, ...]:
    """Return the keys of all names by which a registered unit may be called, in order; a mark said without brackets too."""
    if unit is None:
        return ()
    firm = unit.kind == unit.Kind.ENTERPRISE
    return _keys((unit.name, *unit.aliases), _chain(unit.region_id), firm)


def may_be(written: str, unit: Organisation) -> bool:
    """Tell whether a name that is none of the unit's keys may still mean it: one has the other, an abbreviation, a slip.

    A name that begins with a place in which the unit does not lie is another unit's.
    """
    said = _bare(written)
    if not said:
        return False
    chain = _chain(unit.region_id)
    depth, core = _parted(said, chain)
    if len(core) < LEAST or (depth < len(chain) and _is_elsewhere(core, chain)):
        return False
    return any(_alike(core, _parted(_bare(name), chain)[1]) for name in (unit.name, *unit.aliases))


@lru_cache(maxsize=4096)
def _keys(names: tuple[str, ...], chain: tuple[Forms, ...], firm: bool) -> tuple[str, ...]:
    bare = {key for name in names for key in (name_key(name), without_legal_form(text_normal(name)))}
    found = {way for key in bare for way in _ways(key, chain, firm=firm)}
    return tuple(sorted({key[:LONGEST_NAME] for key in found} - {""}))


def _ways(key: str, chain: tuple[Forms, ...], *, firm: bool) -> Iterator[str]:
    """Yield `key` with each way to say its places. Of a public body its own place is always said: every county has a union."""
    yield key
    depth, core = _parted(key, chain)
    if len(core) < LEAST:
        return
    said = chain if firm or not depth else chain[:depth]
    optional = [("", *forms) for forms in said]
    if not firm and said:
        optional[-1] = said[-1]
    for places in product(*optional):
        yield "".join(places) + core


def _parted(name: str, chain: Sequence[Forms]) -> tuple[int, str]:
    """Return how deep in the chain of places the name begins, 0 where it names none, and the rest of it."""
    best = (0, name)
    todo = [best]
    while todo:
        depth, rest = todo.pop()
        best = max(best, (depth, rest), key=lambda way: (way[0], -len(way[1])))
        todo += [
            (level + 1, rest[len(form) :])
            for level in range(depth, len(chain))
            for form in chain[level]
            if rest.startswith(form) and rest != form
        ]
    return best


def _alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) < LEAST:
        return False
    wrong = 1 if len(long) < LONG else 2
    return short in long or _shortens(short, long) or Levenshtein.distance(short, long) <= wrong


def _shortens(short: str, long: str) -> bool:
    """Tell whether `short` abbreviates `long` as offices are: 人社局 for 人力资源和社会保障局."""
    if len(short) < ABBREVIATION or (short[0], short[-1]) != (long[0], long[-1]):
        return False
    letters = iter(long)
    return all(letter in letters for letter in short)


def _bare(name: str) -> str:
    return without_legal_form(text_normal(BRACKETS.sub("", name)) or text_normal(name))


def _chain(code: str) -> tuple[Forms, ...]:
    """Return the names of the places in which a region lies, the province first, itself last."""
    regions, prefix = KEPT.get(), prefix_of(code)
    places = (prefix[:depth].ljust(6, "0") for depth in DEPTHS if depth <= len(prefix))
    return tuple(_forms_of(regions[place]) for place in places if place in regions)


def _forms_of(region: Region) -> Forms:
    return _forms(region.name, region.short)


@cache
def _forms(name: str, short: str) -> Forms:
    full = text_normal(name)
    cut = full[:-1] if len(full) > LEAST and full.endswith(SUFFIXES) else ""
    return tuple(sorted({full, text_normal(short), cut} - {""}))


def _is_elsewhere(core: str, chain: Sequence[Forms]) -> bool:
    here = {form for forms in chain for form in forms}
    others = (r for r in KEPT.get().values() if r.level != r.Level.TOWN)
    return any(core.startswith(form) for region in others for form in _forms_of(region) if form not in here)
