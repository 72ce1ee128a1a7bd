from __future__ import annotations

import re

import pytest

from tests.faces.console import browser, fill, text
from tests.factories import AccountFactory, RegionFactory
from tests.hotline import EVERY_RIGHT, county
from yanzhen.domains.hotline.models import Case
from yanzhen.faces.console.models import BulkMove
from yanzhen.faces.console.tasks import run_bulk

pytestmark = pytest.mark.django_db

BULK = "/console/cases/bulk/"


def test_a_whole_filter_is_counted_confirmed_and_moved_once():
    place = county()
    cases = [place.case() for _ in range(4)]
    moved_already = place.accepted()
    client = browser(place.clerk)

    preview = client.post(BULK, {"move": "accept", "whole": "1", "query": "box=all"})
    shown = text(client.get(preview["Location"]))
    assert "选中 5 件，其中 4 件" in shown

    fill(client, preview["Location"], category=place.category.pk)
    bulk = BulkMove.objects.get()
    run_bulk(pk=bulk.pk)
    run_bulk(pk=bulk.pk)

    bulk.refresh_from_db()
    assert (bulk.stage, bulk.tried, bulk.moved, bulk.kept) == ("done", 5, 4, 1)
    assert {c.state for c in Case.objects.filter(pk__in=[c.pk for c in cases])} == {"accepted"}
    assert moved_already.number in text(client.get(preview["Location"]))


def test_a_list_keeps_the_urgency_and_the_class_that_each_case_has_unless_one_is_chosen():
    place = county()
    group = place.case(headcount=10)
    client = browser(place.clerk)
    preview = client.post(BULK, {"move": "accept", "ids": [group.pk], "query": "box=all"})
    page = client.get(preview["Location"]).content.decode()
    offered = {
        name: re.search(rf'name="{name}".*?<option value="([^"]*)" selected', page, re.DOTALL)[1]
        for name in ("urgency", "complexity")
    }

    fill(client, preview["Location"], category=place.category.pk, **offered)
    run_bulk(pk=BulkMove.objects.get().pk)

    group.refresh_from_db()
    assert (offered, group.state, group.urgency) == (
        {"urgency": "", "complexity": ""},
        "accepted",
        "critical",
    )


def test_only_what_is_ticked_is_moved():
    place = county()
    ticked, other = place.case(), place.case()
    client = browser(place.clerk)

    preview = client.post(BULK, {"move": "accept", "ids": [ticked.pk], "query": "box=all"})
    fill(client, preview["Location"], category=place.category.pk)
    run_bulk(pk=BulkMove.objects.get().pk)

    assert [Case.objects.get(pk=c.pk).state for c in (ticked, other)] == ["accepted", "received"]


def test_a_row_out_of_reach_can_not_be_ticked_by_its_number():
    case = county().case()
    stranger = AccountFactory(grants=[(RegionFactory(code="370202"), None, EVERY_RIGHT)])

    response = browser(stranger).post(BULK, {"move": "accept", "ids": [case.pk], "query": ""})

    assert response.status_code == 422
    assert not BulkMove.objects.exists()


def test_nothing_ticked_is_a_sentence_and_not_a_bulk_of_nothing():
    response = browser(county().clerk).post(BULK, {"move": "accept", "query": ""})

    assert response.status_code == 422
    assert "没有选中任何一件" in text(response)


def test_a_move_that_is_not_for_lists_is_not_there():
    place = county()

    response = browser(place.clerk).post(BULK, {"move": "decline", "ids": [place.case().pk], "query": ""})

    assert response.status_code == 404


def test_the_form_of_a_bulk_move_asks_for_what_the_move_needs():
    place = county()
    place.case()
    client = browser(place.clerk)
    preview = client.post(BULK, {"move": "accept", "whole": "1", "query": "box=all"})

    response = client.post(preview["Location"], {"category": ""})

    assert response.status_code == 422
    assert BulkMove.objects.get().stage == "previewed"


def test_nobody_opens_a_bulk_move_of_somebody_else():
    place = county()
    place.case()
    preview = browser(place.clerk).post(BULK, {"move": "accept", "whole": "1", "query": "box=all"})

    assert browser(place.approver).get(preview["Location"]).status_code == 404
