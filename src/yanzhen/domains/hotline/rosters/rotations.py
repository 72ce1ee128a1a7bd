"""Patterns of work that unfold into shifts: 三班倒 and its relatives, over a team. Data and one pure function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Generic, NamedTuple, TypeVar

from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.registry import Registry

T = TypeVar("T")
OFF = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of a day: its kind, the hour at which it begins, how many hours it takes; it may end the next day."""

    kind: str
    hour: int
    hours: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """`cycle` names the slot of each of its days ("" is a day off); the team stands `step` days apart in it.

    `weekdays` False leaves Saturdays and Sundays out of it.
    """

    code: str
    label: str
    slots: tuple[Slot, ...]
    cycle: tuple[str, ...]
    step: int
    weekends: bool = True

    def __post_init__(self) -> None:
        if unknown := {kind for kind in self.cycle if kind} - {slot.kind for slot in self.slots}:
            raise DeclarationError(f"{self.code}: the cycle names no slot {sorted(unknown)}")

    @property
    def team(self) -> int:
        """How many people it takes for every slot to have one every day."""
        return max(1, len(self.cycle) // self.step)


class Planned(NamedTuple, Generic[T]):
    """A shift that a rotation foresees for `who`."""

    who: T
    kind: str
    start: datetime
    end: datetime


ROTATIONS: Registry[Rotation] = Registry("rotation")
DAY, EVENING, NIGHT = Slot("day", 8, 8), Slot("evening", 16, 8), Slot("night", 0, 8)
WEEK = 7

ROTATIONS.add(
    Rotation(
        "three_weekly", "三班倒（每周轮换，3 人一组）", (DAY, EVENING, NIGHT),
        ("day",) * WEEK + ("night",) * WEEK + ("evening",) * WEEK, WEEK,
    )
)  # fmt: skip
ROTATIONS.add(
    Rotation(
        "four_teams", "四班三运转（每 2 天轮换，4 人一组）", (DAY, EVENING, NIGHT),
        ("day", "day", "evening", "evening", OFF, "night", "night", OFF), 2,
    )
)  # fmt: skip
ROTATIONS.add(
    Rotation(
        "two_long", "两班倒（12 小时，休 2 天，4 人一组）", (Slot("day", 8, 12), Slot("night", 20, 12)),
        ("day", "night", OFF, OFF), 1,
    )
)  # fmt: skip
ROTATIONS.add(
    Rotation("office", "白班（周一至周五 8:00–18:00，每人同班）", (Slot("day", 8, 10),), ("day",), 1, weekends=False)
)  # fmt: skip


def unfold(
    rotation: Rotation, team: Sequence[T], first: date, days: int, zone: tzinfo
) -> Iterator[Planned[T]]:
    """Yield the shifts of `team` from the day `first` on, in the order of days, then of the team.

    The n-th of the team begins `n * step` days into the cycle. Times are those of `zone`.
    """
    slots = {slot.kind: slot for slot in rotation.slots}
    for day in range(days):
        on = first + timedelta(days=day)
        if not rotation.weekends and on.isoweekday() > 5:
            continue
        for place, who in enumerate(team):
            kind = rotation.cycle[(day + place * rotation.step) % len(rotation.cycle)]
            if kind:
                start = datetime.combine(on, time(slots[kind].hour), zone)
                yield Planned(who, kind, start, start + timedelta(hours=slots[kind].hours))
