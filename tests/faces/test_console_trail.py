from __future__ import annotations

import pytest
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from tests.hotline import county
from yanzhen.foundation.models import Checkpoint, Leaf
from yanzhen.foundation.records import record

pytestmark = pytest.mark.django_db

TRAIL = "/console/trail/"


def reader(region: str, line: str | None = None):
    return AccountFactory(
        grants=[(RegionFactory(code=region), line and LineFactory(code=line), "record.view")]
    )


def test_the_trail_shows_who_did_what_and_why():
    place = county()
    case = place.case()
    record("move.accept", case, actor=place.clerk, after={"state": "accepted"}, reason="属于受理范围")

    shown = text(browser(reader("370100")).get(TRAIL))

    assert [
        word in shown for word in ("move.accept", place.clerk.name, "属于受理范围", f"hotline.case#{case.pk}")
    ] == [True] * 4


def test_the_trail_of_another_place_or_line_is_not_shown():
    here, there = (
        CaseFactory(region=RegionFactory(code="370102")),
        CaseFactory(region=RegionFactory(code="370202")),
    )
    court = CaseFactory(region=RegionFactory(code="370102"), line=LineFactory(code="court"))
    for case in (here, there, court):
        record("seen", case, actor=None)
    RegionFactory(code="370000", level="province")

    entries = browser(reader("370100", "union")).get(TRAIL).context["entries"]

    assert [entry.record.subject_id for entry in entries] == [str(here.pk)]


@pytest.mark.parametrize(("line", "shown"), [(None, True), ("union", False)])
def test_what_belongs_to_no_place_is_for_those_who_look_over_the_province(line, shown):
    account = AccountFactory()
    record("account.open", account, actor=None)
    RegionFactory(code="370000", level="province")

    entries = browser(reader("370000", line)).get(TRAIL).context["entries"]

    assert any(entry.record.verb == "account.open" for entry in entries) is shown


def test_the_trail_is_narrowed_to_one_row_by_its_name():
    first, second = (
        CaseFactory(region=RegionFactory(code="370102")),
        CaseFactory(region=RegionFactory(code="370102")),
    )
    for case in (first, second):
        record("seen", case, actor=None)

    entries = browser(reader("370102")).get(TRAIL, {"subject": f"hotline.case#{first.pk}"}).context["entries"]

    assert [entry.record.subject_id for entry in entries] == [str(first.pk)]


def test_who_may_not_look_into_records_finds_no_page():
    assert browser(AccountFactory()).get(TRAIL).status_code == 404


def test_a_sealed_record_names_its_checkpoint_and_another_waits_for_one():
    case = CaseFactory(region=RegionFactory(code="370102"))
    sealed, _waiting = record("seen", case, actor=None), record("seen", case, actor=None)
    point = Checkpoint.objects.create(
        at=timezone.now(), size=1, total=1, root=b"r", previous=b"p", digest=b"d", signature=b"s", key_id="k"
    )
    Leaf.objects.create(record_id=sealed.pk, checkpoint=point, position=0, digest=b"d")

    page = browser(reader("370102")).get(TRAIL)

    assert [entry.record.checkpoint for entry in page.context["entries"]] == [None, point.pk]
    assert "待封存" in text(page)
