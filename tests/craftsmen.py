"""A province with craftsmen: people with titles, who teaches whom, a studio. All names are made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.domains.craftsmen.actions.mentorships import propose
from yanzhen.domains.craftsmen.actions.studios import found_studio
from yanzhen.domains.craftsmen.models import Mentorship, Studio
from yanzhen.engines.honours.actions import Award, award
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation import attachments, crypto, parameters
from yanzhen.foundation.models import Account, Organisation, Person, Region

OFFICER = "honour.view honour.award mentorship.view mentorship.edit studio.view studio.edit sanction.view sanction.edit person.view organisation.view"
APPROVER = "honour.view mentorship.view mentorship.confirm studio.view studio.review"
PAYER = "studio.view studio.pay"
STEPS = (("独立完成中级工序", date(2026, 6, 30)), ("通过高级工考核", date(2026, 12, 31)))
RESULT = "已取得高级工证书，能独立上岗。"


@dataclass(slots=True)
class Works:
    """One enterprise in a county, and the people of the union who look after craftsmen."""

    province: Region
    region: Region
    unit: Organisation
    officer: Account
    approver: Account
    payer: Account

    def person(self, name: str = "王建国", unit: Organisation | None = None, **more: Any) -> Person:
        body = unit or self.unit
        return Person.objects.create(name=name, region=body.region, line=body.line, **more)

    def titled(self, *codes: str, person: Person | None = None, unit: Organisation | None = None) -> Person:
        """Return a person who holds the titles; those of the ladder in the order in which they are reached."""
        person = person or self.person(unit=unit)
        for code in codes:
            self.honour(person, code, unit=unit)
        return person

    def honour(
        self, person: Person, code: str, *, on: date = date(2025, 5, 1), unit: Organisation | None = None
    ) -> Honour:
        return award(Award(person, code, unit or self.unit, on, document="鲁工发1号"), actor=self.officer)

    def proposed(self, mentor: Person, apprentice: Person | None = None, **changes: Any) -> Mentorship:
        given: dict[str, Any] = {
            "organisation": self.unit, "trade": "焊工", "starts_on": date(2026, 1, 1), "ends_on": date(2027, 12, 31),
            "goals": "两年内达到高级工", "steps": STEPS, "actor": self.officer,
        }  # fmt: skip
        return propose(mentor=mentor, apprentice=apprentice or self.person("李小明"), **(given | changes))

    def active(self, mentor: Person, apprentice: Person | None = None, **changes: Any) -> Mentorship:
        row = self.proposed(mentor, apprentice, **changes)
        contract(row, self.officer)
        return advance(row, "confirm", actor=self.approver)

    def studio(self, lead: Person | None = None, name: str = "王建国工作室") -> Studio:
        lead = lead or self.titled("qilu_craftsman")
        return found_studio(
            name=name, lead=lead, organisation=self.unit, founded_on=date(2024, 1, 1), actor=self.officer
        )


def contract(row: Mentorship, actor: Account) -> None:
    attachments.store(SimpleUploadedFile("协议.txt", b"signed"), subject=row, actor=actor)


def works(county: str = "370102") -> Works:
    province = RegionFactory(code="370000", level="province", name="山东省")
    city = RegionFactory(code=f"{county[:4]}00", level="city", parent=province, name=f"市{county[:4]}")
    region = RegionFactory(code=county, level="county", parent=city)
    union = LineFactory()
    unit = OrganisationFactory(region=region, line=union, kind="enterprise", industry="C3670", uscc=None)
    return Works(
        province=province, region=region, unit=unit,
        officer=AccountFactory(grants=[(province, union, OFFICER)]),
        approver=AccountFactory(grants=[(province, union, APPROVER)]),
        payer=AccountFactory(grants=[(province, union, PAYER)]),
    )  # fmt: skip


@pytest.fixture
def here(settings: Any, tmp_path: Any) -> Works:
    settings.DATA_DIR = tmp_path
    crypto.forget_keys()
    crypto.begin()
    parameters.load_defaults()
    parameters.forget_parameters()
    return works()


HALF = Decimal(25_000)
TODAY = timezone.localdate
