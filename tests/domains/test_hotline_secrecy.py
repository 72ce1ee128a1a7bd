"""Whistle-blowers: who reported is kept secret, and every look at a secret case is on record."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import Client
from openpyxl import load_workbook

from tests.factories import AccountFactory, LineFactory, OrganisationFactory
from tests.hotline import County, county
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.secrecy import CALLER, STORY, hidden_from
from yanzhen.engines.procedures import parties
from yanzhen.engines.procedures.engine import advance
from yanzhen.faces.api.schemas import CaseOut
from yanzhen.foundation.models import Account, Record

pytestmark = pytest.mark.django_db
TOLD = "车间主任王某扣发夜班补贴，只有我一个人知道。"


def shared(place: County) -> tuple[Case, Account]:
    """A secret case with a party of another line that was asked in, and an account of that party."""
    hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"))
    outsider = AccountFactory(grants=[(place.region, hrss.line, "case.view case.respond")], organisation=hrss)
    case = place.case(secret=True, body=TOLD)
    case = advance(case, "accept", actor=place.clerk, category=place.category)
    case = advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
    parties.refer(case, hrss, actor=place.clerk, demand="请核实该单位夜班补贴的发放情况")
    case.refresh_from_db()
    return case, outsider


def test_a_party_of_a_secret_case_sees_its_work_order_and_not_the_story():
    place = county()
    case, outsider = shared(place)

    assert hidden_from(outsider, case) == STORY | CALLER
    assert hidden_from(place.handler, case) == frozenset()
    assert hidden_from(place.approver, case) == CALLER


def test_no_page_export_or_answer_shows_a_party_who_reported_in_secret():
    place = county()
    case, outsider = shared(place)
    client = Client()
    client.force_login(outsider)

    pages = [f"/console/cases/{case.number}/", "/console/cases/", "/console/cases/orders/"]
    for page in pages:
        text = client.get(page).content.decode()
        assert case.number in text, page
        assert "夜班补贴，" not in text, page
        assert case.caller_mask not in text, page
    sheet = load_workbook(BytesIO(client.get("/console/cases/export/").getvalue())).active
    cells = [str(cell.value) for line in sheet.iter_rows() for cell in line]
    assert case.number in cells
    assert not [cell for cell in cells if "夜班补贴，" in cell]
    answer = CaseOut.of(case, outsider)
    assert (answer.title, answer.body, answer.caller, answer.headcount) == (*["（保密）"] * 3, None)


def test_each_look_at_a_secret_case_is_on_record_and_a_look_at_another_is_not():
    place = county()
    case, _outsider = shared(place)
    plain = place.case()
    client = Client()
    client.force_login(place.clerk)

    for number in (case.number, case.number, plain.number):
        assert client.get(f"/console/cases/{number}/").status_code == 200

    assert list(Record.objects.filter(verb="read").values_list("actor_id", "subject_id")) == [
        (place.clerk.pk, str(case.pk)),
        (place.clerk.pk, str(case.pk)),
    ]


def test_a_party_finds_no_secret_case_by_the_words_of_its_story():
    place = county()
    case, outsider = shared(place)
    client = Client()

    found = {}
    for account in (outsider, place.clerk):
        client.force_login(account)
        found[account] = case.number in client.get("/console/cases/?q=夜班补贴").content.decode()

    assert found == {outsider: False, place.clerk: True}
