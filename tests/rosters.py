"""A county with seats at every level, for tests that roster people and route calls to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model

from tests.factories import AccountFactory, LineFactory, RegionFactory
from yanzhen.domains.hotline.rosters import skills
from yanzhen.domains.hotline.rosters.models import Alarm, HandOver, Leave, Seat, Shift, Skill, Swap
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Parameter, Region

ZONE = ZoneInfo("Asia/Shanghai")
NUMBERS = count(1)
PARAMETERS = (
    ("hotline.answer_seconds", 15, "count"),
    ("hotline.ring_agents", 3, "count"),
    ("hotline.rest_hours", 8, "hours"),
)
"""As shipped, without the other sixty: they take half a second."""


def moment(day: int, hour: float = 0) -> datetime:
    """Return an hour of a day of January 2099, which stays to come."""
    return datetime(2099, 1, day, tzinfo=ZONE) + timedelta(hours=hour)


@dataclass(slots=True)
class Place:
    province: Region
    city: Region
    county: Region
    planner: Account
    approver: Account

    def seat(self, region: Region | None = None, *, skill: str = "general", **seat: Any) -> Account:
        """Return somebody with a seat, who may work in the region and below it."""
        return seated(region or self.county, skill=skill, **seat)


def seated(region: Region, *, skill: str = "general", **seat: Any) -> Account:
    account: Account = AccountFactory(grants=[(region, None, "roster.view")])
    number = 8000 + next(NUMBERS)
    given = {
        "extension": str(number),
        "address": f"sip:{number}@10.0.0.5:5060",
        "skills": skill.split(),
        **seat,
    }
    Seat.objects.create(account=account, **given)
    return account


def shift(
    account: Account, region: Region, start: datetime, end: datetime, *, skill: str = "general"
) -> Shift:
    """Put somebody on duty, past the rules."""
    return Shift.objects.create(
        account=account, region=region, line=LineFactory(), skill_id=skill, starts_at=start, ends_at=end
    )


def general() -> Skill:
    return Skill.objects.get(code="general")


def place(code: str = "370102") -> Place:
    for name, value, unit in PARAMETERS:
        Parameter.objects.create(
            code=name, value=value, unit=unit, starts_on=date(2017, 1, 1), source="测试", grade="D"
        )
    parameters.forget_parameters()
    skills.load()
    LineFactory()
    province, city, county = (
        RegionFactory(code=c, level=level)
        for c, level in (("370000", "province"), (f"{code[:4]}00", "city"), (code, "county"))
    )
    return Place(
        province,
        city,
        county,
        planner=AccountFactory(grants=[(city, None, "roster.view roster.edit")]),
        approver=AccountFactory(grants=[(city, None, "roster.view roster.approve")]),
    )


def _skill() -> Skill:
    return Skill.objects.get_or_create(code="general", defaults={"name": "通用"})[0]


def _shift(**place: Any) -> Shift:
    span = {"starts_at": moment(5, 8), "ends_at": moment(5, 16)}
    return Shift.objects.create(account=AccountFactory(), skill=_skill(), **span, **place)


def _leave(**place: Any) -> Leave:
    span = {"starts_at": moment(5, 8), "ends_at": moment(5, 16), "asked_at": moment(4)}
    return Leave.objects.create(account=AccountFactory(), reason="家中有事", **span, **place)


def _swap(**place: Any) -> Swap:
    people = {"giver": AccountFactory(), "taker": AccountFactory()}
    return Swap.objects.create(shift=_shift(**place), offered_at=moment(4), **people, **place)


def _hand_over(**place: Any) -> HandOver:
    row = _shift(**place)
    said = {"note": "无", "written_by": row.account, "written_at": moment(5, 16)}
    return HandOver.objects.create(shift=row, skill=_skill(), **said, **place)


def _alarm(**place: Any) -> Alarm:
    span = {"starts_at": moment(5, 8), "ends_at": moment(5, 16), "opened_at": moment(4)}
    return Alarm.objects.create(skill=_skill(), whole=True, **span, **place)


ROSTERS: dict[type[Model], Callable[..., Model]] = {
    Shift: _shift,
    Leave: _leave,
    Swap: _swap,
    HandOver: _hand_over,
    Alarm: _alarm,
}
"""How to make a row of each walled table, at a given place."""
