"""Searching applications: by words of the title or the unit, by number; nobody finds what is out of reach."""

from __future__ import annotations

import pytest

from tests.faces.console import browser, text
from tests.factories import AccountFactory, RegionFactory
from tests.selection import applied, enterprise, open_round, organiser
from yanzhen.engines.programmes.models import Application
from yanzhen.foundation.models import Organisation

pytestmark = pytest.mark.django_db


def titled(round_, title: str, *, unit: str = "", county: str = "370102") -> Application:
    """Return an application with this title, of a unit of this name; written by `save`, as triggers follow every way."""
    at = enterprise(county)
    if unit:
        Organisation.objects.filter(pk=at.pk).update(name=unit)
    row, _account = applied(round_, unit=at)
    Application.objects.filter(pk=row.pk).update(title=title)
    return Application.objects.get(pk=row.pk)


def found(client, words: str) -> str:
    return text(client.get("/console/applications/", {"q": words}))


def test_applications_are_found_by_title_unit_and_number_and_nothing_else():
    round_ = open_round(organiser())
    welder = titled(round_, "焊接班组长三十年零返工")
    fitter = titled(round_, "钳工绝活", unit="测试重型机械厂")
    client = browser(organiser())

    by = {
        words: found(client, words)
        for words in ("零返工", "重型机械", fitter.number[:-2].lower(), "不存在的词句")
    }

    assert {words: (welder.number in page, fitter.number in page) for words, page in by.items()} == {
        "零返工": (True, False),
        "重型机械": (False, True),
        fitter.number[:-2].lower(): (False, True),
        "不存在的词句": (False, False),
    }
    assert "两个或两个以上相连的字" in found(client, "焊")


def test_who_does_not_see_an_application_does_not_find_it():
    round_ = open_round(organiser())
    row = titled(round_, "焊接班组长", unit="济南重型机械厂")
    own = titled(round_, "焊接能手", unit="青岛重型机械厂", county="370202")
    elsewhere = AccountFactory(
        grants=[(RegionFactory(code="370200", level="city"), None, "application.view programme.view")]
    )
    client = browser(elsewhere)

    pages = {words: found(client, words) for words in ("焊接", "重型机械", row.number)}

    assert {words: (own.number in page, row.number in page) for words, page in pages.items()} == {
        "焊接": (True, False),
        "重型机械": (True, False),
        row.number: (False, False),
    }


def test_the_search_reads_indexes_and_no_table(django_assert_max_num_queries):
    round_ = open_round(organiser())
    for n in range(4):
        titled(round_, f"焊接班组长{n}")
    client = browser(organiser())
    client.get("/console/applications/")

    with django_assert_max_num_queries(30):
        found(client, "班组长")
