"""The pages of the routing table."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import AccountFactory, LineFactory, OrganisationFactory
from tests.hotline import county
from yanzhen.domains.hotline.routing.models import Route

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_work():
    place = county()
    editor = AccountFactory(grants=[(place.region.parent, None, "case.view route.edit")])
    client = Client()
    client.force_login(editor)
    return place, client


def sent(place, **changes):
    return {
        "region": place.region.code, "category": "02", "line": "hrss", "organisation": "",
        "valid_from": timezone.localdate().isoformat(), "source": "分工方案",
    } | changes  # fmt: skip


def test_a_change_is_tried_before_it_is_made(at_work):
    place, client = at_work
    OrganisationFactory(region=place.region, line=LineFactory(code="hrss"), kind="government")
    place.case(category="020101")

    tried = client.post("/console/routes/new/", sent(place, **{"try": "1"}))
    assert "有 1 件会改派" in tried.content.decode()
    assert not Route.objects.exists()

    made = client.post("/console/routes/new/", sent(place, save="1"))
    assert made.status_code == 303
    asked = client.get("/console/routes/", {"region": place.region.code, "category": "020101"})
    assert "分工方案" in asked.content.decode()


def test_a_wrong_row_is_refused_in_its_form(at_work):
    place, client = at_work
    LineFactory(code="hrss")

    answer = client.post("/console/routes/new/", sent(place, save="1", valid_from="2020-01-01", source=" "))

    assert answer.status_code == 422
    assert not Route.objects.exists()


def test_who_may_not_change_the_table_of_a_place_is_told_so(at_work):
    place, _client = at_work
    LineFactory(code="hrss")
    stranger = AccountFactory(grants=[(county("370202").region, None, "case.view route.edit")])
    client = Client()
    client.force_login(stranger)

    answer = client.post("/console/routes/new/", sent(place, save="1"))

    assert answer.status_code == 403
    assert not Route.objects.exists()


def test_the_assign_form_proposes_the_unit_and_says_why(at_work):
    place, client = at_work
    client.post("/console/routes/new/", sent(place, save="1", line="union", category=""))
    case = place.accepted()
    client.force_login(place.clerk)

    page = client.get(f"/console/cases/{case.number}/move/assign/").content.decode()

    assert f'<option value="{place.union.pk}" selected>' in page
    assert "派单建议及理由" in page
