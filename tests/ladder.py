"""Everybody who acts in a year of the ladder, with the roles that an installation has. All names are made up."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from tests.faces.console import browser, fill, text
from tests.factories import AccountFactory
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.foundation.models import Account, Grant, Line, Organisation, Person, Region, Role
from yanzhen.foundation.people import employ, register_person
from yanzhen.foundation.people.numbers import check_digit

COUNTIES = {"370102": 800, "370202": 400}
"""Where the enterprises are, with so many workers: of three places two are Jinan's, one is Qingdao's."""


def post(role: str, region: str, line: str | None = "union", **fields: Any) -> Account:
    """Return an account that holds one of the installation's roles."""
    account: Account = AccountFactory(**fields)
    Grant.objects.create(account=account, role=Role.objects.get(code=role), region_id=region, line_id=line)
    return account


@dataclass(slots=True)
class Works:
    """An enterprise, whoever speaks for it, and its workers."""

    unit: Organisation
    contact: Account
    workers: list[Account] = field(default_factory=list)


@dataclass(slots=True)
class Cast:
    """The posts of the province, and of each county with its city."""

    go: Callable[[str], None]
    organiser: Account
    jury: Account
    second_jury: Account
    awarder: Account
    leader: Account
    judges: list[Account]
    works: dict[str, Works]
    counties: dict[str, Account]
    cities: dict[str, Account]
    round: Round | None = None

    @property
    def held(self) -> Round:
        assert self.round is not None
        return Round.objects.prefetch_related("windows").get(pk=self.round.pk)

    def within(self, stage: str, *, hours: int = 9) -> None:
        """Go to a moment inside the planned days of a stage."""
        at = timezone.localtime(self.held.window(stage).opens_at + timedelta(hours=hours))
        self.go(f"{at:%Y-%m-%d %H:%M}")

    def turn(self) -> Any:
        """Press the button that leads to the next stage."""
        return browser(self.organiser).post(f"/console/rounds/{self.held.pk}/turn/", {"note": ""})

    def move(self, account: Account, row: Application, code: str, **values: Any) -> Any:
        return fill(browser(account), f"/console/applications/{row.number}/move/{code}/", **values)


def cast(go: Callable[[str], None]) -> Cast:
    """Everybody at their posts; workers are registered by the actions that serve at work."""
    works = {code: _works(code, workers) for code, workers in COUNTIES.items()}
    return Cast(
        go=go,
        organiser=post("organiser", "370000"),
        jury=post("jury", "370000"),
        second_jury=post("jury", "370000"),
        awarder=post("awarder", "370000"),
        leader=post("leader", "370000"),
        judges=[post("judge", "370000") for _ in range(3)],
        works=works,
        counties={code: post("recommender_county", code) for code in COUNTIES},
        cities={code: post("recommender_city", f"{code[:4]}00") for code in COUNTIES},
    )


def worker(works: Works, name: str, n: int) -> Account:
    """Register a worker with an ID number of our own making, and open the own account."""
    registrar = post("registrar", works.unit.region_id)
    first17 = f"{works.unit.region_id}19850501{n:03}"
    person: Person = register_person(
        name=name, region=works.unit.region, line=Line.objects.get(code="union"), actor=registrar,
        id_number=first17 + check_digit(first17),
    )  # fmt: skip
    employ(person, works.unit, actor=registrar, starts_on=date(2012, 7, 1), post="电焊工")
    account: Account = AccountFactory(person=person)
    works.workers.append(account)
    return account


def own_number(client: Client) -> str:
    """Return the number of the only application on a worker's own page."""
    found = re.search(r"/me/applications/([^/]+)/", client.get("/me/").content.decode())
    assert found
    return found[1]


def said(response: Any) -> str:
    """Return what the page says; a redirection says nothing, and would hide a refusal."""
    assert response.status_code < 400, text(response)
    return text(response)


def _works(county: str, headcount: int) -> Works:
    region = Region.objects.get(code=county)
    unit = Organisation.objects.create(
        name=f"测试重工（{region.name}）", kind="enterprise", region=region, line=Line.objects.get(code="union"),
        industry="C3670", headcount=headcount,
    )  # fmt: skip
    return Works(unit, post("unit", county, organisation=unit))
