"""A county with everybody whom a case needs, for tests that move cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.domains.hotline.actions import register_case
from yanzhen.domains.hotline.closing.actions import Answer, finish_by_phone
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.queries import Progress, open_case, progress
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation import calendar, crypto, parameters
from yanzhen.foundation.models import Account, Organisation, Region
from yanzhen.foundation.regions import KEPT

EVERY_RIGHT = "case.view case.register case.accept case.assign case.refer case.handle case.call_back case.check case.reopen case.coordinate"
REPLY = "经核查属实，单位已于本周补发拖欠的工资。"


@dataclass(slots=True)
class County:
    region: Region
    union: Organisation
    clerk: Account
    """Receives, assigns, calls back, checks; never handles."""
    handler: Account
    deputy: Account
    """Of the same unit: takes over what the handler left unsolved."""
    caller: Account
    """Calls back; whoever does closes nothing."""
    approver: Account
    category: Category

    def case(self, **appeal: Any) -> Case:
        given = {
            "body": "单位拖欠三个月工资，请求帮助追讨。",
            "phone": "13800000000",
            "name": "张某",
        } | appeal
        return register_case(Appeal(region=self.region.code, **given), actor=None, channel="web").case

    def accepted(self) -> Case:
        return advance(self.case(), "accept", actor=self.clerk, category=self.category)

    def handling(self) -> Case:
        return advance(
            self.accepted(), "assign", actor=self.clerk, organisation=self.union, handler=self.handler
        )

    def answered(self) -> Case:
        return advance(self.handling(), "answer", actor=self.handler, reply=REPLY)

    def called_back(self, *, solved: bool = True, satisfaction: str = "satisfied") -> Case:
        return self.call(self.answered(), solved=solved, satisfaction=satisfaction)

    def call(self, case: Case, *, solved: bool = True, satisfaction: str = "satisfied") -> Case:
        """Reach the caller by phone and keep what was said."""
        return finish_by_phone(case, Answer(solved, satisfaction), actor=self.caller)

    def closed(self) -> Case:
        return advance(self.called_back(), "close", actor=self.clerk)


def track(number: str, secret: str) -> Progress:
    """What the portal shows to whoever holds the secret."""
    return progress(*open_case(number, secret))


def county(code: str = "370102") -> County:
    crypto.forget_keys()
    crypto.begin()
    calendar.seed()
    parameters.load_defaults()
    province, city, region = (
        RegionFactory(code=c, level=level)
        for c, level in (("370000", "province"), (f"{code[:4]}00", "city"), (code, "county"))
    )
    city.parent, region.parent = province, city
    city.save()
    region.save()
    for n in ("02", "0201", "020101"):
        category, _ = Category.objects.get_or_create(code=n, defaults={"name": f"类别{n}"})
    union = OrganisationFactory(region=region, line=LineFactory())
    KEPT.get()  # as a process that runs has it
    return County(
        region=region,
        union=union,
        clerk=AccountFactory(grants=[(city, None, EVERY_RIGHT)]),
        handler=AccountFactory(
            grants=[(region, None, "case.view case.handle case.reveal")], organisation=union
        ),
        deputy=AccountFactory(
            grants=[(region, None, "case.view case.handle case.reveal")], organisation=union
        ),
        caller=AccountFactory(grants=[(city, None, "case.view case.call_back")]),
        approver=AccountFactory(grants=[(city, None, "case.view case.approve_stay")]),
        category=category,
    )
