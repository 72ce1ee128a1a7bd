"""One normal form of text, for duplicates, search and names alike: what looks the same is the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from yanzhen.foundation.letters import simplified

FORMS = (
    "股份有限责任公司|有限责任公司|股份有限公司|集团有限公司|有限公司|集团公司|分公司|总公司|公司|集团|厂|店"
)
LEGAL_FORMS = re.compile(rf"(?:{FORMS})+$")
DIVISION = r"\w{1,6}?(?:省|自治区|(?<![超门夜])市|县|(?<![小社园景校厂矿库片])区)"
ADMINISTRATIVE = re.compile(rf"^({DIVISION})+(?=\w{{2}})")
"""The last of the divisions is the group. What ends like a division and is none stays: 超市, 门市, 夜市, 小区, 社区, 园区 ..."""
SHORTEST_CORE = 2


class _Fold(dict[int, str]):
    """Maps a code point to what stands for it in normal form, worked out when it first comes up."""

    def __missing__(self, point: int) -> str:
        folded, before = chr(point), ""
        while folded != before:
            before = folded
            plain = unicodedata.normalize("NFKD", folded.lower()).lower()
            folded = "".join(simplified().get(c, c) for c in plain if c.isalnum())
        self[point] = folded
        return folded


_FOLD = _Fold()


def text_normal(text: str) -> str:
    """Return `text` folded: compatible forms one (NFKD), lower case, simplified, letters and digits only.

    Each character is folded by itself, so that what a match covers can be shown in the text as it was written.
    Idempotent. Accents and sound marks go with the punctuation.
    """
    return text.translate(_FOLD)


def text_places(text: str) -> tuple[str, list[int]]:
    """Return the normal form and, for each of its characters, where in `text` it comes from."""
    parts = [_FOLD[ord(c)] for c in text]
    return "".join(parts), [i for i, part in enumerate(parts) for _ in part]


def name_normal(name: str) -> str:
    """Return the core of a name of a firm or a place: without province, city, county in front and legal form behind.

    "山东省济南市历下区宏达建筑有限公司" and "济南宏达建筑公司" are not made equal: only what the name itself marks goes.
    """
    _county, core = county_and_core(name)
    return core


def firm_normal(name: str) -> str:
    """Return the core of a firm's name with the county before it where the name says one: firms of two counties are two."""
    county, core = county_and_core(name)
    return county + core


def county_and_core(name: str) -> tuple[str, str]:
    """Return the county that a name says ("" where it says none) and its core, as in name_normal."""
    whole = text_normal(name)
    bare = without_legal_form(whole)
    front = ADMINISTRATIVE.match(bare)
    if front is None:
        return "", bare
    last, start = front[1], front.start(1)
    district = last[-1] in "县区" and not last.endswith("自治区")
    within_a_city = last[-1] == "市" and bare[:start].endswith("市")
    return (last if district or within_a_city else ""), bare[front.end() :]


def without_legal_form(whole: str) -> str:
    """Return a name in normal form without the legal form at its end; as it is where too little would be left."""
    core = LEGAL_FORMS.sub("", whole)
    return core if len(core) >= SHORTEST_CORE else whole


def same_firm(one: str, other: str) -> bool:
    """Tell whether two names may be those of one firm: their cores are equal, and no division that one names in front
    speaks against the other's: 历下区宏达 is not 淄川区宏达, but may be 济南市历下区宏达, or 宏达 without any.
    """
    mine, theirs = _divisions(one), _divisions(other)
    return name_normal(one) == name_normal(other) and (mine <= theirs or theirs <= mine)


def _divisions(name: str) -> frozenset[str]:
    """Return the province, city and county that a name marks in front."""
    front = ADMINISTRATIVE.match(LEGAL_FORMS.sub("", text_normal(name)))
    return frozenset(re.findall(DIVISION, front.group())) if front else frozenset()


def without_names(text: str, names: Iterable[str]) -> str:
    """Return `text` in normal form without these names of firms, however much of place and legal form it says of each."""
    said = {spelling for name in names for spelling in (text_normal(name), name_normal(name))}
    known = sorted((s for s in said if len(s) >= SHORTEST_CORE), key=len, reverse=True)
    normal = text_normal(text)
    return re.sub(rf"(?:{'|'.join(known)})(?:{FORMS})*", "", normal) if known else normal
