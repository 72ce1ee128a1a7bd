"""A province with titles of its own, somebody to award them, somebody to decide, and people to hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.engines.honours.actions import Award, award
from yanzhen.engines.honours.declare import TITLES, Level, Title
from yanzhen.engines.honours.models import DutyReport, Honour
from yanzhen.engines.honours.reports import submit_report
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Organisation, Person, Region
from yanzhen.foundation.parameters import set_parameter

TERM = "test.honour_term"
REPORT = {
    "mentees": 3,
    "teaching_hours": "40.5",
    "results": "攻克焊接变形难题两项",
    "text": "全年带徒授课，完成攻关。",
}
CAUSE = "经查实，申报材料中的两项成果系他人完成。"
EVERY_HONOUR_RIGHT = "honour.view honour.award honour.propose honour.approve honour.report honour.review person.view organisation.view"


def title(code: str, prefix: str, *, rank: int = 1, **more: Any) -> Title:
    given = {
        "label": f"称号{code}", "family": "test", "level": Level.PROVINCE, "issuer": "山东省总工会",
        "citation": "经选树评审并公示，决定授予", "basis": "docs/rules/honours.md",
    }  # fmt: skip
    return Title(code=code, rank=rank, number=f"{prefix}-{{year}}-{{serial:04}}{{check}}", **given | more)


@dataclass(slots=True)
class Ladder:
    """Craftsman (with a term), master (only from craftsmen), hero (from outside)."""

    region: Region
    unit: Organisation
    awarder: Account
    """Awards and proposes; holds nothing else."""
    approver: Account
    reporter: Account
    """Of the holder's unit."""

    def person(self, name: str = "王建国") -> Person:
        return Person.objects.create(name=name, region=self.region, line=self.unit.line)

    def given(
        self, code: str = "craftsman", person: Person | None = None, on: date | None = None, **more: Any
    ) -> Award:
        return Award(person or self.person(), code, self.unit, on or date(2026, 3, 2), **more)

    def honour(self, code: str = "craftsman", **more: Any) -> Honour:
        return award(self.given(code, **more), actor=self.awarder)

    def report(self, honour: Honour, year: int = 2026) -> DutyReport:
        return submit_report(honour, actor=self.reporter, year=year, **REPORT)


@pytest.fixture
def titles() -> Iterator[None]:
    before = dict(TITLES._items)
    TITLES._items.clear()
    TITLES.add(title("craftsman", "QLGJ", term=TERM))
    TITLES.add(title("master", "QLDJ", rank=2, requires="craftsman"))
    TITLES.add(title("hero", "DGGJ", rank=3, level=Level.NATION, outside=True))
    yield
    TITLES._items.clear()
    TITLES._items.update(before)


@pytest.fixture
def ladder(titles: None) -> Ladder:
    region = RegionFactory(code="370102")
    for code, level in (("370000", "province"), ("370100", "city")):
        RegionFactory(code=code, level=level)
    unit = OrganisationFactory(region=region, line=LineFactory(), kind="enterprise", name="某重工有限公司")
    set_parameter(
        TERM,
        48,
        actor=None,
        unit="months",
        starts_on=date(2020, 1, 1),
        source="测试",
        grade="D",
        reason="测试",
    )
    parameters.forget_parameters()
    province = Region.objects.get(code="370000")
    return Ladder(
        region=region,
        unit=unit,
        awarder=AccountFactory(grants=[(province, None, "honour.view honour.award honour.propose")]),
        approver=AccountFactory(
            grants=[(province, None, "honour.view honour.approve honour.review honour.propose")]
        ),
        reporter=AccountFactory(grants=[(region, unit.line, "honour.view honour.report")], organisation=unit),
    )


@pytest.fixture
def time_machine_at() -> Iterator[Callable[[str], None]]:
    """Go to a time of the province's zone, and back at the end."""
    with ExitStack() as stack:

        def go(at: str) -> None:
            there = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
            stack.enter_context(time_machine.travel(there, tick=False))

        yield go
