"""The register of organisations in the console: found and looked at within reach, registered and edited by the rule."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.foundation.models import Account, Employment, Organisation, Person, Record, Region
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

HOME = "/console/organisations/"
VIEW, EDIT = "organisation.view", "organisation.view organisation.edit"
USCC = "91110000600037341L"


@pytest.fixture
def place() -> Region:
    province, city, county = (
        RegionFactory(code=code, level=level, name=name)
        for code, level, name in (
            ("370000", "province", "山东省"),
            ("370100", "city", "济南市"),
            ("370102", "county", "历下区"),
        )
    )
    city.parent, county.parent = province, city
    city.save()
    county.save()
    return county


@pytest.fixture
def clerk(place: Region) -> Account:
    return AccountFactory(grants=[(place, None, EDIT)])


def strangers(rights: str = EDIT) -> list[Account]:
    """From another region on all lines, and from the same region on another line."""
    return [
        AccountFactory(grants=[(RegionFactory(code="370202"), None, rights)]),
        AccountFactory(grants=[(RegionFactory(code="370102"), LineFactory(code="justice"), rights)]),
    ]


def filled(place: Region, **given: Any) -> dict[str, Any]:
    return {"name": "某某工会", "kind": "union", "region": place.pk, "line": LineFactory().pk} | given


def found(account: Account, **query: str) -> list[Organisation]:
    return browser(account).get(HOME, query).context["organisations"]


def test_the_list_holds_what_lies_in_reach_and_nothing_else(place, clerk):
    inside = OrganisationFactory(region=place)
    OrganisationFactory(region=RegionFactory(code="370202"))
    of_the_line = AccountFactory(grants=[(place, LineFactory(code="court"), VIEW)])

    assert (found(clerk), found(of_the_line)) == ([inside], [])


def test_without_the_right_there_is_no_list_and_no_entry_in_the_menu(place):
    other = AccountFactory(grants=[(place, None, "case.view")])

    page = browser(other).get(HOME)

    assert page.status_code == 403
    assert "您没有“查看单位”权限" in text(page)
    assert HOME not in browser(other).get("/console/").content.decode()


def test_who_may_look_has_an_entry_in_the_menu(clerk):
    assert f'href="{HOME}"' in browser(clerk).get("/console/").content.decode()


def test_one_is_found_by_a_part_of_its_name_a_whole_alias_or_its_code(place, clerk):
    row = OrganisationFactory(region=place, name="济南市历下区总工会", aliases=["历下工会"], uscc=USCC)
    OrganisationFactory(region=place, name="历下区法院")

    for said in ("历下区总工", "历下工会", USCC, USCC.lower()):
        assert found(clerk, q=said) == [row]
    assert found(clerk, q="不存在") == []


def test_the_list_is_narrowed_by_region_and_kind(place):
    city = place.parent
    leader = AccountFactory(grants=[(city, None, VIEW)])
    here = OrganisationFactory(region=place, kind="court")
    beside = OrganisationFactory(region=RegionFactory(code="370103"), kind="court")
    union = OrganisationFactory(region=place, kind="union")

    assert found(leader, region=place.pk) == [union, here]
    assert found(leader, region=city.pk, kind="court") == [beside, here]


def test_a_filter_that_is_none_finds_nothing_and_says_so(place, clerk):
    OrganisationFactory(region=place)

    page = browser(clerk).get(HOME, {"kind": "club"})

    assert (page.status_code, page.context["organisations"]) == (422, [])
    assert "请从列出的选项中选择" in text(page)


def test_pages_go_forward_and_back_by_key_and_a_wrong_cursor_is_refused(place, clerk):
    rows = [OrganisationFactory(region=place) for _ in range(120)][::-1]
    client = browser(clerk)

    first = client.get(HOME)
    second = client.get(f"{HOME}?{first.context['following']}")
    third = client.get(f"{HOME}?{second.context['following']}")
    back = client.get(f"{HOME}?{third.context['previous']}")
    top = client.get(f"{HOME}?{back.context['previous']}")

    shown = [page.context["organisations"] for page in (first, second, third, back, top)]
    assert shown == [rows[:50], rows[50:100], rows[100:], rows[50:100], rows[:50]]
    assert [bool(page.context["previous"]) for page in (first, second, third, top)] == [
        False,
        True,
        True,
        False,
    ]
    assert [bool(page.context["following"]) for page in (first, third, top)] == [True, False, True]
    assert "共 120 条" in text(first)
    for cursor in ("x", "after-", "after-1x", "after-" + "9" * 30):
        assert client.get(HOME, {"cursor": cursor}).status_code == 422


def test_the_list_costs_the_same_with_one_row_and_with_fifty(place, clerk):
    OrganisationFactory(region=place)
    client = browser(clerk)
    client.get(HOME)
    with CaptureQueriesContext(connection) as one:
        client.get(HOME)
    for n in range(49):
        OrganisationFactory(region=place, line=LineFactory(code=f"line{n % 7}"))

    with CaptureQueriesContext(connection) as fifty:
        client.get(HOME)

    assert len(fifty) == len(one)


def test_the_page_shows_the_facts_the_children_and_how_many_work_there(place, clerk):
    parent = OrganisationFactory(region=RegionFactory(code="370202"), name="上级在别处")
    row = OrganisationFactory(
        region=place, parent=parent, uscc=USCC, aliases=["一", "二"], headcount=0, industry="C3411"
    )
    child = OrganisationFactory(region=place, parent=row, name="下级在此")
    OrganisationFactory(region=RegionFactory(code="370202"), parent=row, name="下级在别处")
    person = Person.objects.create(name="张建国", region=place, line=row.line)
    for starts_on, ends_on in ((date(2020, 1, 1), None), (date(2020, 1, 1), date(2021, 1, 1))):
        Employment.objects.create(person=person, organisation=row, starts_on=starts_on, ends_on=ends_on)

    page = browser(clerk).get(f"{HOME}{row.pk}/")

    shown = text(page)
    for expected in (USCC, "一、二", "C3411", "职工人数 0", "在册任职人数 1", "上级在别处", child.name):
        assert expected in shown
    assert f"{HOME}{parent.pk}/" not in page.content.decode()
    for hidden in ("下级在别处", "张"):
        assert hidden not in shown


def test_opening_one_costs_the_same_with_many_children(place, clerk):
    row = OrganisationFactory(region=place)
    OrganisationFactory(region=place, parent=row)
    client = browser(clerk)
    client.get(f"{HOME}{row.pk}/")
    with CaptureQueriesContext(connection) as one:
        client.get(f"{HOME}{row.pk}/")
    for _ in range(20):
        OrganisationFactory(region=place, parent=row)

    with CaptureQueriesContext(connection) as many:
        client.get(f"{HOME}{row.pk}/")

    assert len(many) == len(one)


@pytest.mark.parametrize("path", ["", "edit/"])
def test_one_out_of_reach_looks_like_none(place, path):
    row = OrganisationFactory(region=place)

    for stranger in strangers():
        client = browser(stranger)
        answers = [client.get(f"{HOME}{pk}/{path}") for pk in (row.pk, 99999999)]
        assert [a.status_code for a in answers] == [404, 404]
        assert text(answers[0]) == text(answers[1])


def test_a_stranger_edits_nothing(place):
    row = OrganisationFactory(region=place, name="旧名")

    for stranger in strangers():
        assert browser(stranger).post(f"{HOME}{row.pk}/edit/", filled(place)).status_code == 404

    row.refresh_from_db()
    assert row.name == "旧名"


def test_who_may_only_look_neither_registers_nor_edits(place):
    viewer = AccountFactory(grants=[(place, None, VIEW)])
    row = OrganisationFactory(region=place, name="旧名")
    client = browser(viewer)

    answers = [
        getattr(client, way)(address, filled(place))
        for address in (f"{HOME}new/", f"{HOME}{row.pk}/edit/")
        for way in ("get", "post")
    ]

    row.refresh_from_db()
    assert [a.status_code for a in answers] == [403] * 4
    assert (row.name, Organisation.objects.count()) == ("旧名", 1)
    for page in (client.get(HOME), client.get(f"{HOME}{row.pk}/")):
        assert f"{HOME}new/" not in page.content.decode()
        assert "edit/" not in page.content.decode()


def test_one_is_registered_with_a_record_of_everything(place, clerk):
    parent = OrganisationFactory(region=RegionFactory(code="370202"), name="集团总部")
    client = browser(clerk)

    done = client.post(
        f"{HOME}new/",
        filled(place, uscc=USCC.lower(), parent="集团总部", aliases="甲、乙，丙\n 丁 ", headcount="12"),
    )

    row = Organisation.objects.get(name="某某工会")
    assert (done.status_code, done["Location"]) == (303, f"{HOME}{row.pk}/")
    assert (row.uscc, row.parent, row.aliases, row.headcount, row.valid_to) == (
        USCC,
        parent,
        ["甲", "乙", "丙", "丁"],
        12,
        None,
    )
    line = history(row).get()
    assert (line.verb, line.actor_id, line.grant_id) == ("organisation.save", clerk.pk, clerk.grants.get().pk)


def test_an_edit_changes_what_was_changed_and_keeps_the_rest(place, clerk):
    first, second = (OrganisationFactory(region=RegionFactory(), name="同名上级") for _ in range(2))
    town = RegionFactory(code="370102001", level="town", name="某街道")
    row = OrganisationFactory(
        region=town, name="旧名", parent=second, aliases=["甲", "乙"], uscc=USCC, headcount=3,
        ownership="state", industry="C3411",
    )  # fmt: skip
    client = browser(clerk)
    initial = client.get(f"{HOME}{row.pk}/edit/").context["form"].initial

    done = client.post(
        f"{HOME}{row.pk}/edit/", {k: v for k, v in (initial | {"name": "新名"}).items() if v is not None}
    )

    changed = Organisation.objects.get(pk=row.pk)
    same = (
        "region",
        "parent",
        "uscc",
        "headcount",
        "ownership",
        "industry",
        "kind",
        "line",
        "valid_to",
    )
    assert done.status_code == 303
    assert (changed.name, changed.aliases) == ("新名", ["甲", "乙", "旧名"])
    assert [getattr(changed, name) for name in same] == [getattr(row, name) for name in same]
    line = history(row).get()
    assert (line.before["name"], line.after["name"]) == ("旧名", "新名")
    assert first.pk != changed.parent_id


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"uscc": USCC[:-1] + "M"}, "uscc", "请核对校验位"),
        ({"uscc": "9111"}, "uscc", "请核对校验位"),
        ({"name": "已有的"}, "name", "历下区已有同名单位"),
        ({"name": ""}, "name", "请填写这一项"),
        ({"region": "999999"}, "region", "请从列出的选项中选择"),
        ({"parent": "没有这家"}, "parent", "没有找到这个单位"),
        ({"parent": "同名"}, "parent", "有多个单位叫“同名”"),
        ({"headcount": "-1"}, "headcount", "0"),
        ({"aliases": "长" * 200}, "aliases", "128"),
        ({"valid_to": "昨天"}, "valid_to", "日期请写作"),
    ],
)
def test_a_refused_field_has_its_reason_beside_it_and_what_was_typed_stays(
    place, clerk, given, field, reason
):
    OrganisationFactory(region=place, name="已有的")
    for _ in range(2):
        OrganisationFactory(name="同名")
    before = (Organisation.objects.count(), Record.objects.count())

    page = browser(clerk).post(f"{HOME}new/", filled(place, industry="C3411") | given)

    assert page.status_code == 422
    assert reason in "；".join(page.context["form"].errors[field])
    assert f'id="id_{field}_error"' in page.content.decode()
    assert 'value="C3411"' in page.content.decode()
    assert (Organisation.objects.count(), Record.objects.count()) == before


def test_nothing_is_registered_or_moved_where_one_has_not_the_right(place, clerk):
    elsewhere = RegionFactory(code="370202", name="市南区", level="county")
    row = OrganisationFactory(region=place, name="旧名")
    client = browser(clerk)

    registered = client.post(f"{HOME}new/", filled(elsewhere))
    moved = client.post(f"{HOME}{row.pk}/edit/", filled(elsewhere))

    row.refresh_from_db()
    assert (registered.status_code, moved.status_code) == (403, 403)
    assert "市南区" in text(moved)
    assert (row.region, Organisation.objects.count()) == (place, 1)


def test_one_is_not_put_below_itself(place, clerk):
    row = OrganisationFactory(region=place, name="甲")
    OrganisationFactory(region=place, name="乙", parent=row)

    page = browser(clerk).post(f"{HOME}{row.pk}/edit/", filled(place, name="甲", parent="乙"))

    row.refresh_from_db()
    assert (page.status_code, row.parent) == (422, None)
    assert "不能是本单位或它的下级" in "；".join(page.context["form"].errors["parent"])


def test_one_that_is_no_longer_in_force_stays_in_the_register_and_says_so(place, clerk):
    row = OrganisationFactory(region=place)
    client = browser(clerk)
    client.post(f"{HOME}{row.pk}/edit/", filled(place, name=row.name, valid_to="2026-01-01"))

    row.refresh_from_db()
    assert row.valid_to == date(2026, 1, 1)
    assert f"{row.name} 停用" in text(client.get(HOME))
