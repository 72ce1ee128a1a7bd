"""The pages of the routing table."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory, OrganisationFactory
from tests.hotline import county
from yanzhen.domains.hotline.models import Category
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


def test_a_leaf_is_withdrawn_after_what_stands_under_it_is_shown(at_work, django_assert_max_num_queries):
    place, _client = at_work
    keeper = AccountFactory(grants=[(place.region.parent.parent, None, "route.edit")])
    client = browser(keeper)
    place.accepted()
    Route.objects.create(
        region=place.region,
        category="020101",
        line=place.union.line,
        valid_from="2026-01-01",
        source="分工方案",
    )

    with django_assert_max_num_queries(14):
        listed = text(client.get("/console/categories/"))
    asked = text(client.get("/console/categories/020101/withdraw/"))
    empty = client.post("/console/categories/020101/withdraw/", {"reason": " "})
    done = client.post("/console/categories/020101/withdraw/", {"reason": "合并"})

    assert "诉求类别" in listed
    assert "有 1 件在办工单" in asked
    assert "分工方案" in asked
    assert (empty.status_code, done.status_code) == (422, 303)
    assert "已停用" in text(client.get("/console/categories/"))
    assert client.post("/console/categories/020101/reinstate/", {"reason": "恢复"}).status_code == 303
    assert client.get("/console/categories/0201/withdraw/").status_code == 404


def test_who_keeps_the_rules_of_a_city_reads_the_tree_and_changes_nothing(at_work):
    place, client = at_work

    page = client.get("/console/categories/")
    refused = client.post("/console/categories/020101/withdraw/", {"reason": "合并"})

    assert "/withdraw/" not in page.content.decode()
    assert "在全省有“维护派单规则”权限的人办理" in text(page)
    assert refused.status_code == 403
    assert browser(place.handler).get("/console/categories/").status_code == 404


def test_a_form_that_sends_a_withdrawn_or_unknown_category_is_told_what_is_wrong(at_work):
    place, client = at_work
    case = place.case()
    withdrawn = Category.objects.get(code="020101")
    withdrawn.active = False
    withdrawn.save()
    client.force_login(place.clerk)

    said = {}
    for code in ("020101", "099999", "类别"):
        for url in (f"/console/cases/{case.number}/move/accept/", "/console/register/"):
            answer = client.post(url, {"category": code})
            said[code, url] = [
                words for words in ("“类别020101”已停用，请改选", "没有这个诉求类别") if words in text(answer)
            ]

    assert list(said.values()) == [
        ["“类别020101”已停用，请改选"], ["“类别020101”已停用，请改选"], *[["没有这个诉求类别"]] * 4
    ]  # fmt: skip
