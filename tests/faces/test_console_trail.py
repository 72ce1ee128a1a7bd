from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory, CaseFactory, LineFactory, OrganisationFactory, RegionFactory
from tests.hotline import county
from yanzhen.engines.procedures import parties
from yanzhen.engines.procedures.engine import advance
from yanzhen.faces.console.verbs import LABELS, LOOKS
from yanzhen.foundation.models import Account, Checkpoint, Leaf
from yanzhen.foundation.records import insert_selected, record

pytestmark = pytest.mark.django_db

TRAIL = "/console/trail/"
SOURCES = Path(__file__).parents[2] / "src" / "yanzhen"
WRITTEN = re.compile(
    r'\b(?:record|record_many|insert_selected)\(\s*"([a-z_.]+)"(?: if \w+ else "([a-z_.]+)")?'
)


def reader(region: str, line: str | None = None):
    return AccountFactory(
        grants=[(RegionFactory(code=region), line and LineFactory(code=line), "record.view")]
    )


def test_the_trail_shows_who_did_what_and_why():
    place = county()
    case = place.case()
    record("move.accept", case, actor=place.clerk, after={"state": "accepted"}, reason="属于受理范围")

    shown = text(browser(reader("370100")).get(TRAIL))

    assert [word in shown for word in ("受理 诉求工单", place.clerk.name, "属于受理范围", case.number)] == [
        True
    ] * 4


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


def found(account: Account, **asked: str) -> list[tuple[str, str]]:
    """Return (verb, id of the actor) of what is listed, the oldest first."""
    entries = browser(account).get(TRAIL, asked).context["entries"]
    return [(entry.record.verb, entry.record.actor_id) for entry in reversed(entries)]


def test_who_looked_at_a_case_is_found_by_its_number_with_lists_and_exports_that_showed_it():
    place = county()
    case, other = place.case(secret=True), place.case(secret=True)
    desk = browser(place.clerk)
    desk.get(f"/console/cases/{case.number}/")
    desk.get("/console/cases/export/")
    record(
        "read", place.caller, actor=place.caller, after={"desk": "cases", "by": "excerpt", "ids": [other.pk]}
    )
    record(
        "read", place.caller, actor=place.caller, after={"desk": "articles", "by": "export", "ids": [case.pk]}
    )
    unit = OrganisationFactory(region=place.region)
    parties.refer(accepted(place, case), unit, actor=place.clerk, demand="请协助")

    mine = found(reader("370102"), subject=f" {case.number} ")

    clerk = place.clerk.pk
    assert mine == [
        ("start", None), ("read", clerk), ("read", clerk),
        *((verb, clerk) for verb in ("move.accept", "move.assign", "refer")),
    ]  # fmt: skip
    assert found(reader("370202"), subject=case.number) == []
    assert found(reader("370102", "court"), subject=case.number) == []
    assert found(reader("370102"), subject="GD370102-20200101-00001-0") == []


def test_a_list_that_showed_a_case_tells_no_reader_of_its_place_what_else_it_showed():
    place = county()
    case, other = place.case(secret=True), place.case(secret=True)
    browser(place.clerk).get("/console/cases/export/")

    shown = text(browser(reader("370102")).get(TRAIL, {"subject": case.number, "verb": "read"}))

    assert "导出清单：诉求工单，含保密 2 件" in shown
    assert str([case.pk, other.pk]) not in shown
    assert other.number not in shown


def test_lists_that_showed_a_case_are_found_by_an_index():
    many = (
        "select g as subject_id, '' as region_id, '' as line_id, null::jsonb as before,"
        " jsonb_build_object('ids', array[g]) as after from generate_series(1, 5000) g"
    )
    insert_selected("read", "foundation.account", many, actor=None)
    with connection.cursor() as cursor:
        cursor.execute("reset role")  # the web's own may not analyze
        cursor.execute("analyze foundation_record")
    case = CaseFactory(region=RegionFactory(code="370102"))
    client = browser(reader("370102"))

    with CaptureQueriesContext(connection) as queries:
        client.get(TRAIL, {"subject": case.number})

    (asked,) = [each["sql"] for each in queries if "@>" in each["sql"] and "foundation_record" in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"explain {asked}")
        plan = "".join(line for (line,) in cursor.fetchall())
    assert "record_lists" in plan


def test_actions_are_chosen_by_their_names_and_every_verb_has_one():
    place = county()
    case = accepted(place, place.case())
    page = browser(reader("370102")).get(TRAIL, {"verb": "move.accept"})

    assert [(e.record.verb, e.record.subject_id) for e in page.context["entries"]] == [
        ("move.accept", str(case.pk))
    ]
    for option in (">查阅保密工单</option>", 'value="move.accept" selected'):
        assert option in page.content.decode()
    written = {
        verb
        for path in SOURCES.rglob("*.py")
        for pair in WRITTEN.findall(path.read_text())
        for verb in pair
        if verb
    }
    assert sorted(written - set(LABELS)) == []
    assert set(LOOKS) <= set(LABELS)


def test_changes_are_told_as_fields_and_the_record_itself_stays_to_be_seen():
    place = county()
    case = accepted(place, place.case())

    shown = text(browser(reader("370102")).get(TRAIL, {"subject": case.number, "verb": "move.assign"}))

    assert "状态：已受理，待派单 办理中" in shown
    assert f"承办单位：— {place.union}" in shown
    assert '"state": "handling"' in shown
    assert "route：" not in shown


@pytest.mark.parametrize("day", ["2026-99-99", "昨天", "1026-01-01"])
def test_a_bad_day_is_said_to_be_wrong(day):
    page = browser(reader("370102")).get(TRAIL, {"day": day})

    assert page.status_code == 422
    assert "查找条件有误" in text(page)
    assert 'id="id_day_error"' in page.content.decode()


def test_the_page_of_a_case_leads_those_who_look_into_records_to_its_own():
    place = county()
    case = place.case()
    link = f'{TRAIL}?subject={case.number}"'
    both = AccountFactory(grants=[(place.region, None, "case.view record.view")])

    pages = [
        browser(each).get(f"/console/cases/{case.number}/").content.decode() for each in (both, place.clerk)
    ]

    assert [link in page for page in pages] == [True, False]


def test_the_trail_of_a_case_costs_the_same_however_much_was_done():
    place = county()
    case, client = accepted(place, place.case()), browser(reader("370102"))

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(TRAIL, {"subject": case.number})
        return len(queries)

    statements()
    few = statements()
    for _ in range(5):
        record("read", case, actor=AccountFactory())

    assert statements() == few


def accepted(place: Any, case: Any) -> Any:
    case = advance(case, "accept", actor=place.clerk, category=place.category)
    return advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
