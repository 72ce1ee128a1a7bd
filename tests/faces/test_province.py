"""The demo province: everything in it went the way it goes at work, and says that it is made up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from yanzhen.domains.hotline import categories
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.procedures import CASE
from yanzhen.engines.indicators.declare import INDICATORS, Period
from yanzhen.engines.indicators.figures import figure
from yanzhen.faces.cli import province
from yanzhen.faces.cli.province import people
from yanzhen.foundation import accounts, calendar, crypto, parameters, regions
from yanzhen.foundation.models import Account, Organisation, Person, Region

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    monkeypatch.setattr(province, "COHORTS", 25)
    regions.load()
    regions.load_lines()
    accounts.load_roles()
    categories.load()
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()
    told: list[tuple[str, int, int]] = []
    province.load(lambda label, done, total: told.append((label, done, total)))
    return told


def test_the_province_has_cases_in_every_state_and_somebody_for_every_role(loaded):
    assert set(Case.objects.values_list("state", flat=True)) == {s.code for s in CASE.states}
    assert {p.username for p in province.POSTS} <= set(Account.objects.values_list("username", flat=True))
    assert {o.region.level for o in Organisation.objects.select_related("region")} == {
        "province",
        "city",
        "county",
        "town",
    }
    assert Person.objects.count() == people.PEOPLE
    assert [o.name for o in Organisation.objects.all() if "演示" not in o.name] == []
    assert loaded[-1][1:] == (25, 25)


def test_every_figure_of_the_province_is_known_and_none_is_perfect(loaded):
    leader = Account.objects.get(username="leader")
    whole = Region.objects.get(code="370000")
    today = timezone.localdate()
    period = Period(today - timedelta(days=400), today + timedelta(days=1))
    found = {
        i.code: figure(i, account=leader, region=whole, period=period).value
        for i in INDICATORS
        if i.code.startswith("hotline.")
    }

    assert all(found.values())
    assert all(
        value < 100 for code, value in found.items() if code not in {"hotline.received", "hotline.closed"}
    )
