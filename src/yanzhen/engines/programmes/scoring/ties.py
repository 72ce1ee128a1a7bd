"""Who stands before whom: a chain of comparisons as data, never a surname, never the order of rows.

What is not known never outranks what is: at every step None stands behind every number, and an application without a
score has no place at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import groupby
from typing import Any

from yanzhen.foundation.errors import DeclarationError, Invalid

MOST_DECIMALS = 6
UNITS = tuple(Decimal(1).scaleb(-decimals) for decimals in range(MOST_DECIMALS + 1))


class By(StrEnum):
    ASPECT = "aspect"
    """Mean of a designated aspect; higher is better."""
    DISPERSION = "dispersion"
    """Standard deviation of the judges' marks; lower is better."""
    EARLIER = "earlier"
    """The value with which the application qualified in an earlier round; higher is better."""
    RAW = "raw"
    """Plain mean of the marks; higher is better. Tells apart what a clamped scale does not."""


class End(StrEnum):
    EX_AEQUO = "ex_aequo"
    LOT = "lot"


@dataclass(frozen=True, slots=True)
class Step:
    by: By
    aspect: str = ""
    """Code of the designated aspect."""

    def __post_init__(self) -> None:
        if (self.by is By.ASPECT) != bool(self.aspect):
            raise DeclarationError("同分规则中，按指定评分项比较的一步须写明评分项，其他各步不写。")


@dataclass(frozen=True, slots=True)
class Chain:
    """The score is rounded once, half up, at `decimals`; then the steps; then a shared place or a drawn lot.

    The seed of the lot is published before anyone can know which applications will tie.
    """

    decimals: int = 2
    steps: tuple[Step, ...] = ()
    end: End = End.EX_AEQUO
    seed: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.decimals <= MOST_DECIMALS:
            raise DeclarationError(f"名次所用分数的小数位数须在 0 至 {MOST_DECIMALS} 之间。")
        if (self.end is End.LOT) != bool(self.seed):
            raise DeclarationError("抽签须事先公布种子；不抽签则不写种子。")
        if len(set(self.steps)) != len(self.steps):
            raise DeclarationError("同分规则中有重复的步骤。")

    def to_json(self) -> dict[str, Any]:
        return {
            "decimals": self.decimals,
            "steps": [{"by": step.by.value, "aspect": step.aspect} for step in self.steps],
            "end": self.end.value,
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, data: object) -> Chain:
        """Read what `to_json` gave, or what staff edited; raises Invalid with the sentence that says what is wrong."""
        try:
            return cls(**_fields(data))
        except DeclarationError as error:
            raise Invalid(str(error)) from error


@dataclass(frozen=True, slots=True)
class Standing:
    """What an application brings into the comparison; `aspects` by code. None: not applicable or not known."""

    application: int
    score: Decimal | None
    raw: Decimal | None = None
    dispersion: Decimal | None = None
    earlier: Decimal | None = None
    aspects: Mapping[str, Decimal | None] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """`rank` counts as in sport (1, 2, 2, 4); `tied` says how many share it, 1 where nobody else does."""

    rank: int
    tied: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Who is within a number of places. `border` shares the last place that is only partly free: somebody decides."""

    inside: frozenset[int]
    border: frozenset[int]
    free: int
    """Places left for those at the border."""


Key = tuple[object, ...]


def rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(UNITS[decimals], ROUND_HALF_UP)


def lot(seed: str, application: int) -> str:
    """Return the drawn lot: anybody can compute it again from the published seed. The lowest comes first."""
    return hashlib.sha256(f"{seed}:{application}".encode()).hexdigest()


def rank(standings: Sequence[Standing], chain: Chain) -> dict[int, Place]:
    """Return the place of each application that has a score."""
    keyed = sorted(
        ((_key(each, chain), each.application) for each in standings if each.score is not None),
        key=lambda pair: pair[0],
    )
    places: dict[int, Place] = {}
    for _, group in groupby(keyed, key=lambda pair: pair[0]):
        sharing = [application for _, application in group]
        place = Place(len(places) + 1, len(sharing))
        places.update(dict.fromkeys(sharing, place))
    return places


def cut(places: Mapping[int, Place], number: int) -> Cut:
    """Return who is within the first `number` places."""
    inside = frozenset(a for a, place in places.items() if place.rank + place.tied - 1 <= number)
    border = frozenset(a for a, place in places.items() if place.rank <= number and a not in inside)
    return Cut(inside, border, number - len(inside) if border else 0)


def _key(standing: Standing, chain: Chain) -> Key:
    if standing.score is None:
        raise ValueError("an application without a score has no place")
    steps = tuple(_best_first(*_compared(standing, step)) for step in chain.steps)
    drawn = (lot(chain.seed, standing.application),) if chain.end is End.LOT else ()
    return (-rounded(standing.score, chain.decimals), *steps, *drawn)


def _compared(standing: Standing, step: Step) -> tuple[Decimal | None, bool]:
    """Return the value and whether a higher one is better."""
    match step.by:
        case By.ASPECT:
            return (standing.aspects or {}).get(step.aspect), True
        case By.DISPERSION:
            return standing.dispersion, False
        case By.EARLIER:
            return standing.earlier, True
        case By.RAW:
            return standing.raw, True


def _best_first(value: Decimal | None, higher: bool) -> tuple[bool, Decimal]:
    if value is None:
        return True, Decimal(0)
    exact = rounded(value, MOST_DECIMALS)
    return False, -exact if higher else exact


def _fields(data: object) -> dict[str, Any]:
    if not isinstance(data, dict) or not data.keys() <= {"decimals", "steps", "end", "seed"}:
        raise DeclarationError("同分规则的字段不对：只有 decimals、steps、end、seed。")
    decimals, end, seed = data.get("decimals", 2), data.get("end", "ex_aequo"), data.get("seed", "")
    steps = data.get("steps", [])
    whole = isinstance(decimals, int) and not isinstance(decimals, bool)
    if not whole or end not in tuple(End) or not isinstance(seed, str) or not isinstance(steps, list):
        raise DeclarationError("同分规则的字段类型不对。")
    return {"decimals": decimals, "steps": tuple(map(_step, steps)), "end": End(end), "seed": seed}


def _step(item: object) -> Step:
    if not isinstance(item, dict) or not item.keys() <= {"by", "aspect"} or item.get("by") not in tuple(By):
        raise DeclarationError(f"同分规则中的步骤 {item!r} 读不懂：by 只能是 {'、'.join(By)}。")
    aspect = item.get("aspect", "")
    if not isinstance(aspect, str):
        raise DeclarationError("同分规则中的评分项须写代码。")
    return Step(By(item["by"]), aspect)
