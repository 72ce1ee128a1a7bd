"""A county with seats at every level, for tests that roster people and route calls to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from tests.factories import AccountFactory, LineFactory, RegionFactory
from yanzhen.domains.hotline.rosters import skills
from yanzhen.domains.hotline.rosters.models import Seat, Shift, Skill
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Region

ZONE = ZoneInfo("Asia/Shanghai")
NUMBERS = count(1)


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
    parameters.load_defaults()
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
