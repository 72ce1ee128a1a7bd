"""The total of an application: the parts that the shortlist ahead counts, each in percent, from the kind of stage that gives it.

A kind of stage registers where its percent comes from. What lacks a part that is counted has no total and no place: unknown
is never 0, and never ranks before a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from yanzhen.engines.programmes.legs import is_fixed
from yanzhen.engines.programmes.models import Round

Part = Callable[[Round, Any], Mapping[int, Decimal]]
"""Takes the round and the stage; returns percent (0 to 100) by id of application."""
PARTS: dict[str, Part] = {}
PLACERS: list[Callable[[Round], object]] = []
"""Write totals and places of a round anew; the panel registers its own."""
WHOLE = Decimal(100)


def gives(kind: str) -> Callable[[Part], Part]:
    """Register where the percent of a kind of stage comes from."""

    def add(part: Part) -> Part:
        PARTS[kind] = part
        return part

    return add


def place_anew(round_: Round) -> None:
    """Write totals and places of the present leg again, for a part of them came, or changed, outside the panel.

    Once its shortlist is adopted they are fixed.
    """
    if is_fixed(round_, round_.stage):
        return
    for place in PLACERS:
        place(round_)


def totals(round_: Round, ids: list[int]) -> dict[int, Decimal | None]:
    """Return the present total in percent of each application, exact; None where a part is missing.

    The weights of a last shortlist are percents; an earlier one counts less than the whole, in their proportion.
    """
    sums: dict[int, Decimal | None] = dict.fromkeys(ids, Decimal(0))
    ends = round_.programme.leads_to(round_.stage)
    stages = round_.programme.counted(ends)
    earlier = ends is not None and ends != round_.programme.of_kind("shortlist")[-1]
    whole = sum(stage.weight for stage in stages) if earlier else WHOLE
    for stage in stages:
        part = PARTS[stage.kind](round_, stage)
        for pk, so_far in sums.items():
            sums[pk] = so_far + part[pk] * stage.weight / whole if so_far is not None and pk in part else None
    return sums
