"""The register of people in the console: masked, found by a whole number, shown in full once for a reason."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account, Employment, Person, Record, Region
from yanzhen.foundation.people import employ, register_person
from yanzhen.foundation.people.numbers import check_digit
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

HOME = "/console/people/"
VIEW, ALL = "person.view", "person.view person.edit person.reveal"
PHONE = "13812342046"
REASON = "核对参赛资格"


def id_number(serial: int = 123) -> str:
    body = f"37010219900101{serial:03}"
    return body + check_digit(body)


@pytest.fixture
def place() -> Region:
    crypto.forget_keys()
    crypto.begin()
    city = RegionFactory(code="370100", level="city")
    return RegionFactory(code="370102", name="历下区", parent=city)


@pytest.fixture
def clerk(place: Region) -> Account:
    return AccountFactory(grants=[(place, None, ALL)])


def registered(clerk: Account, **given: Any) -> Person:
    values = {"name": "张建国", "id_number": id_number(), "phone": PHONE} | given
    region = values.pop("region", None) or RegionFactory(code="370102")
    owner = clerk if region.code == "370102" else AccountFactory(grants=[(region, None, ALL)])
    return register_person(region=region, line=LineFactory(), actor=owner, **values)


def strangers(rights: str = ALL) -> list[Account]:
    """From another region on all lines, and from the same region on another line."""
    return [
        AccountFactory(grants=[(RegionFactory(code="370202"), None, rights)]),
        AccountFactory(grants=[(RegionFactory(code="370102"), LineFactory(code="justice"), rights)]),
    ]


def listed(page: Any) -> list[Person]:
    return [person for person, _employers in page.context["people"]]


def whole(page: Any) -> str:
    """Everything on the page, markup and addresses too."""
    return page.content.decode()


# ---- the list ----


def test_the_list_masks_everybody_even_for_those_who_may_reveal(place, clerk):
    person = registered(clerk)

    page = browser(clerk).get(HOME)

    assert listed(page) == [person]
    assert f"张** 3701**********{id_number()[-4:]} 138****2046" in text(page)
    for hidden in ("张建国", PHONE, id_number(), "1990"):
        assert hidden not in whole(page)


def test_the_list_holds_who_lies_in_reach_and_nobody_else(place, clerk):
    inside = registered(clerk)
    registered(clerk, id_number=id_number(5), region=RegionFactory(code="370202"))

    assert listed(browser(clerk).get(HOME)) == [inside]
    assert listed(browser(strangers()[1]).get(HOME)) == []


def test_without_the_right_there_is_no_list_and_no_entry_in_the_menu(place):
    other = AccountFactory(grants=[(place, None, "organisation.view")])

    page = browser(other).get(HOME)

    assert page.status_code == 403
    assert "您没有“查看人员”权限" in text(page)
    assert HOME not in whole(browser(other).get("/console/"))


def test_who_may_look_has_an_entry_in_the_menu(clerk):
    assert f'href="{HOME}"' in whole(browser(clerk).get("/console/"))


@pytest.mark.parametrize("number", [id_number(), id_number().lower(), PHONE, f" {PHONE} "])
def test_a_whole_number_finds_whose_it_is_and_does_not_get_into_an_address(place, clerk, number):
    person = registered(clerk)
    registered(clerk, name="李四", id_number=id_number(5), phone="13900000000")

    page = browser(clerk).post(HOME, {"number": number})

    assert (page.status_code, listed(page)) == (200, [person])
    assert "?number" not in whole(page)
    assert 'method="post"' in whole(page)


def test_a_number_in_the_address_is_not_looked_for(place, clerk):
    registered(clerk)
    registered(clerk, id_number=id_number(5), phone="13900000000")

    assert len(listed(browser(clerk).get(HOME, {"number": PHONE}))) == 2


def test_a_whole_number_finds_nobody_beyond_reach(place, clerk):
    registered(clerk)

    for stranger in strangers():
        for number in (id_number(), PHONE):
            assert listed(browser(stranger).post(HOME, {"number": number})) == []


@pytest.mark.parametrize("number", ["370102", "1381234", "张建国", id_number()[:-1]])
def test_a_part_of_a_number_finds_nobody_and_the_reason_stands_beside_the_field(place, clerk, number):
    registered(clerk)

    page = browser(clerk).post(HOME, {"number": number})

    assert (page.status_code, listed(page)) == (422, [])
    assert "请填写完整的手机号或身份证号" in text(page)
    assert 'id="id_number_error"' in whole(page)


def test_the_beginning_of_a_name_and_a_region_narrow_the_list(place):
    city = place.parent
    clerk = AccountFactory(grants=[(city, None, ALL)])
    one = registered(clerk)
    registered(clerk, name="李建国", id_number=id_number(5))
    beside = registered(clerk, id_number=id_number(7), region=RegionFactory(code="370103"))
    client = browser(clerk)

    assert listed(client.get(HOME, {"name": "张建"})) == [beside, one]
    assert listed(client.get(HOME, {"name": "张", "region": "370102"})) == [one]
    assert listed(client.get(HOME, {"name": "建国"})) == []
    assert client.get(HOME, {"region": "x"}).status_code == 422


def test_where_somebody_works_today_stands_beside_their_name(place, clerk):
    person, unit, former = (
        registered(clerk),
        OrganisationFactory(name="现单位"),
        OrganisationFactory(name="旧单位"),
    )
    employ(person, unit, actor=clerk, starts_on=date(2020, 1, 1))
    Employment.objects.create(
        person=person, organisation=former, starts_on=date(2010, 1, 1), ends_on=date(2020, 1, 1)
    )

    shown = text(browser(clerk).get(HOME))

    assert "现单位" in shown
    assert "旧单位" not in shown


def test_pages_go_on_by_key(place, clerk):
    people = [registered(clerk, id_number="", phone="") for _ in range(60)][::-1]
    client = browser(clerk)

    first = client.get(HOME)
    second = client.get(f"{HOME}?{first.context['following']}")

    assert (listed(first), listed(second)) == (people[:50], people[50:])


def test_the_list_costs_the_same_with_one_row_and_with_many(place, clerk):
    def more() -> None:
        person = registered(clerk, id_number="", phone="")
        employ(person, OrganisationFactory(region=place), actor=clerk, starts_on=date(2020, 1, 1))

    more()
    client = browser(clerk)
    client.get(HOME)
    with CaptureQueriesContext(connection) as one:
        client.get(HOME)
    for _ in range(20):
        more()

    with CaptureQueriesContext(connection) as many:
        client.get(HOME)

    assert len(many) == len(one)


# ---- one person ----


def test_the_page_shows_masks_and_the_year_of_birth_alone(place, clerk):
    person = registered(clerk)
    employ(person, OrganisationFactory(name="某某公司"), actor=clerk, starts_on=date(2020, 1, 1), post="焊工")

    page = browser(clerk).get(f"{HOME}{person.pk}/")

    for expected in ("张**", "138****2046", "男", "出生年份 1990", "某某公司", "焊工", "2020-01-01"):
        assert expected in text(page)
    for hidden in ("张建国", PHONE, id_number(), "1990-01-01"):
        assert hidden not in whole(page)


def test_what_was_never_given_is_a_dash(place, clerk):
    person = registered(clerk, id_number="", phone="")

    assert "证件号码 — 手机号 — 性别 —" in text(browser(clerk).get(f"{HOME}{person.pk}/"))


@pytest.mark.parametrize("path", ["", "reveal/", "employ/", "employments/{}/end/"])
def test_one_out_of_reach_looks_like_none(place, clerk, path):
    person = registered(clerk)
    employment = employ(person, OrganisationFactory(), actor=clerk, starts_on=date(2020, 1, 1))

    for stranger in strangers():
        client = browser(stranger)
        answers = [client.get(f"{HOME}{pk}/{path.format(employment.pk)}") for pk in (person.pk, 99999999)]
        assert [a.status_code for a in answers] == [404, 404]
        assert text(answers[0]) == text(answers[1])


def test_a_stranger_changes_and_learns_nothing(place, clerk):
    person = registered(clerk)
    employment = employ(person, OrganisationFactory(), actor=clerk, starts_on=date(2020, 1, 1))
    before = Record.objects.count()
    sent = {
        "reveal/": {"field": "phone", "reason": REASON},
        "employ/": {"organisation": employment.organisation.name, "starts_on": "2026-01-01"},
        f"employments/{employment.pk}/end/": {"ends_on": "2026-01-01", "reason": REASON},
    }

    for stranger in strangers():
        for path, values in sent.items():
            assert browser(stranger).post(f"{HOME}{person.pk}/{path}", values).status_code == 404

    employment.refresh_from_db()
    assert (employment.ends_on, person.employments.count(), Record.objects.count()) == (None, 1, before)


def test_opening_somebody_costs_the_same_with_a_long_history(place):
    clerk = AccountFactory(grants=[(place, None, f"{ALL} record.view organisation.view")])
    person = registered(clerk)
    client = browser(clerk)
    address = f"{HOME}{person.pk}/"

    def happen() -> None:
        employ(person, OrganisationFactory(), actor=clerk, starts_on=date(2020, 1, 1))
        client.post(f"{address}reveal/", {"field": "phone", "reason": REASON})

    happen()
    client.get(address)
    with CaptureQueriesContext(connection) as short:
        client.get(address)
    for _ in range(9):
        happen()

    with CaptureQueriesContext(connection) as long:
        client.get(address)

    assert len(long) == len(short)


# ---- in full ----


@pytest.mark.parametrize(
    ("field", "plain"), [("name", "张建国"), ("id_number", id_number()), ("phone", PHONE)]
)
def test_one_field_in_full_is_shown_once_for_a_reason_and_kept_by_no_cache(place, clerk, field, plain):
    person = registered(clerk)
    client = browser(clerk)
    address = f"{HOME}{person.pk}/reveal/"

    page = client.post(address, {"field": field, "reason": REASON})

    others = {"张建国", id_number(), PHONE} - {plain}
    assert page.status_code == 200
    assert plain in text(page)
    assert [other for other in others if other in whole(page)] == []
    assert "no-store" in page["Cache-Control"]
    assert plain not in whole(client.get(address))
    assert plain not in whole(client.get(f"{HOME}{person.pk}/"))
    line = history(person).last()
    assert (line.verb, line.actor_id, line.grant_id, line.after, line.reason) == (
        "reveal",
        clerk.pk,
        clerk.grants.get().pk,
        {"field": field},
        REASON,
    )


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"field": "phone", "reason": ""}, "reason"),
        ({"field": "phone", "reason": "看看"}, "reason"),
        ({"field": "", "reason": REASON}, "field"),
        ({"field": "region_id", "reason": REASON}, "field"),
        ({"field": "phone_cipher", "reason": REASON}, "field"),
    ],
)
def test_without_a_reason_or_with_a_field_that_is_none_nothing_is_shown_or_recorded(
    place, clerk, given, field
):
    person = registered(clerk)
    before = Record.objects.count()

    page = browser(clerk).post(f"{HOME}{person.pk}/reveal/", given)

    assert (page.status_code, Record.objects.count()) == (422, before)
    assert page.context["form"].errors.keys() == {field}
    assert PHONE not in whole(page)


def test_who_may_not_reveal_gets_a_refusal(place, clerk):
    person = registered(clerk)
    viewer = AccountFactory(grants=[(place, None, "person.view person.edit")])
    client = browser(viewer)

    page = client.post(f"{HOME}{person.pk}/reveal/", {"field": "phone", "reason": REASON})

    assert page.status_code == 403
    assert PHONE not in whole(page)
    assert not history(person).filter(verb="reveal").exists()
    assert "reveal/" not in whole(client.get(f"{HOME}{person.pk}/"))


def test_who_looked_is_shown_to_those_who_may_see_records_and_to_nobody_else(place, clerk):
    person = registered(clerk)
    browser(clerk).post(f"{HOME}{person.pk}/reveal/", {"field": "phone", "reason": REASON})
    auditor = AccountFactory(grants=[(place, None, "person.view record.view")])
    elsewhere = AccountFactory(
        grants=[(place, None, VIEW), (RegionFactory(code="370202"), None, "record.view")]
    )

    seen, unseen = (text(browser(who).get(f"{HOME}{person.pk}/")) for who in (auditor, elsewhere))

    assert f"{clerk} 手机号 {REASON}" in seen
    assert (REASON in unseen, str(clerk) in unseen) == (False, False)


# ---- registering ----


def filled(place: Region, **given: Any) -> dict[str, Any]:
    values = {"name": "张建国", "id_number": id_number(), "phone": PHONE}
    return values | {"region": place.pk, "line": LineFactory().pk} | given


def test_somebody_is_registered_and_their_page_opens(place, clerk):
    done = browser(clerk).post(f"{HOME}new/", filled(place))

    person = Person.objects.get()
    assert (done.status_code, done["Location"]) == (303, f"{HOME}{person.pk}/")
    assert (person.name, person.born_on, person.phone_mask) == ("张建国", date(1990, 1, 1), "138****2046")
    assert history(person).get().verb == "person.register"


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"id_number": "370102"}, "id_number", "身份证号应为 18 位"),
        ({"id_number": id_number(5)}, "id_number", "已登记"),
        ({"phone": "12345"}, "phone", "手机号应为 11 位"),
        ({"name": "  "}, "name", "请填写这一项"),
        ({"region": "000000"}, "region", "请从列出的选项中选择"),
        ({"line": "none"}, "line", "请从列出的选项中选择"),
    ],
)
def test_a_refused_field_has_its_reason_beside_it(place, clerk, given, field, reason):
    registered(clerk, id_number=id_number(5))
    before = Record.objects.count()

    page = browser(clerk).post(f"{HOME}new/", filled(place) | given)

    assert (page.status_code, Person.objects.count(), Record.objects.count()) == (422, 1, before)
    assert reason in "；".join(page.context["form"].errors[field])
    assert f'id="id_{field}_error"' in whole(page)


def test_nobody_is_registered_where_one_has_not_the_right(place, clerk):
    elsewhere = RegionFactory(code="370202", level="county")
    viewer = AccountFactory(grants=[(place, None, VIEW)])

    answers = [
        browser(clerk).post(f"{HOME}new/", filled(elsewhere)),
        browser(viewer).get(f"{HOME}new/"),
        browser(viewer).post(f"{HOME}new/", filled(place)),
    ]

    assert [a.status_code for a in answers] == [403] * 3
    assert not Person.objects.exists()


# ---- employments ----


def test_an_employment_begins_and_ends_by_forms_and_both_are_on_record(place, clerk):
    person, unit = registered(clerk), OrganisationFactory(name="某某公司")
    client = browser(clerk)

    began = client.post(
        f"{HOME}{person.pk}/employ/", {"organisation": "某某公司", "post": "焊工", "starts_on": "2026-03-01"}
    )
    employment = Employment.objects.get()
    ended = client.post(
        f"{HOME}{person.pk}/employments/{employment.pk}/end/", {"ends_on": "2026-09-01", "reason": "合同到期"}
    )

    employment.refresh_from_db()
    assert [(a.status_code, a["Location"]) for a in (began, ended)] == [(303, f"{HOME}{person.pk}/")] * 2
    assert (employment.organisation, employment.post) == (unit, "焊工")
    assert (employment.starts_on, employment.ends_on) == (date(2026, 3, 1), date(2026, 9, 1))
    assert [r.verb for r in history(person)][1:] == ["person.employ", "person.leave"]
    assert "/end/" not in whole(client.get(f"{HOME}{person.pk}/"))


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"organisation": "没有这家"}, "organisation", "没有找到这个单位"),
        ({"organisation": ""}, "organisation", "请填写这一项"),
        ({"organisation": "已在此"}, "organisation", "已在该单位任职"),
        ({"starts_on": "昨天"}, "starts_on", "日期请写作"),
    ],
)
def test_a_refused_employment_has_its_reason_beside_the_field(place, clerk, given, field, reason):
    person = registered(clerk)
    OrganisationFactory(name="某某公司")
    employ(person, OrganisationFactory(name="已在此"), actor=clerk, starts_on=date(2020, 1, 1))

    page = browser(clerk).post(
        f"{HOME}{person.pk}/employ/", {"organisation": "某某公司", "starts_on": "2026-03-01"} | given
    )

    assert (page.status_code, person.employments.count()) == (422, 1)
    assert reason in "；".join(page.context["form"].errors[field])


def test_an_end_before_the_beginning_is_refused_beside_its_field(place, clerk):
    person = registered(clerk)
    employment = employ(person, OrganisationFactory(), actor=clerk, starts_on=date(2026, 3, 1))

    page = browser(clerk).post(
        f"{HOME}{person.pk}/employments/{employment.pk}/end/", {"ends_on": "2026-03-01", "reason": "合同到期"}
    )

    employment.refresh_from_db()
    assert (page.status_code, employment.ends_on) == (422, None)
    assert "须在入职日期" in "；".join(page.context["form"].errors["ends_on"])


def test_an_employment_of_somebody_else_is_not_ended_under_this_name(place, clerk):
    one, other = registered(clerk), registered(clerk, id_number=id_number(5))
    employment = employ(other, OrganisationFactory(), actor=clerk, starts_on=date(2026, 3, 1))

    page = browser(clerk).post(
        f"{HOME}{one.pk}/employments/{employment.pk}/end/", {"ends_on": "2026-09-01", "reason": "合同到期"}
    )

    employment.refresh_from_db()
    assert (page.status_code, employment.ends_on) == (404, None)


def test_who_may_only_look_begins_and_ends_nothing(place, clerk):
    person = registered(clerk)
    employment = employ(person, OrganisationFactory(), actor=clerk, starts_on=date(2026, 3, 1))
    viewer = browser(AccountFactory(grants=[(place, None, VIEW)]))

    answers = [
        viewer.post(f"{HOME}{person.pk}/employ/", {}),
        viewer.post(
            f"{HOME}{person.pk}/employments/{employment.pk}/end/", {"ends_on": "2026-09-01", "reason": REASON}
        ),
    ]

    employment.refresh_from_db()
    assert [a.status_code for a in answers] == [403, 403]
    assert employment.ends_on is None
    assert "/end/" not in whole(viewer.get(f"{HOME}{person.pk}/"))
