"""One record for life: encrypted at rest, found by a keyed hash, shown masked, revealed for a reason."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.foundation import crypto, keys
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Employment, Person, Record, Region
from yanzhen.foundation.people import (
    employ,
    end_employment,
    find_by_id_number,
    find_by_phone,
    register_person,
    reveal,
    with_number,
)
from yanzhen.foundation.people.numbers import check_digit
from yanzhen.foundation.records import history
from yanzhen.foundation.scope import database_scope

pytestmark = pytest.mark.django_db

PHONE = "13812342046"
RIGHTS = "person.view person.edit person.reveal"


def id_number(serial: int = 123) -> str:
    body = f"37010219900101{serial:03}"
    return body + check_digit(body)


@pytest.fixture
def clerk() -> Account:
    crypto.forget_keys()
    crypto.begin()
    return AccountFactory(grants=[(RegionFactory(code="370102"), None, RIGHTS)])


def registered(clerk: Account, **given: str) -> Person:
    place = Region.objects.get(code="370102")
    values = {"name": "张三丰", "id_number": id_number(), "phone": PHONE} | given
    return register_person(region=place, line=LineFactory(), actor=clerk, **values)


def seal_again(limit: int = 1000) -> int:
    """Seal people's numbers again and nothing else; return how many were under an old key."""
    return sum(keys.STORES[f"person.{field}"].seal_again(limit) for field in ("id_number", "phone"))


def at_rest(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"select string_agg(t::text, '|') from {table} t")
        return cursor.fetchone()[0] or ""


def test_a_registered_person_carries_what_the_number_says_and_masks(clerk):
    person = registered(clerk)

    person.refresh_from_db()
    assert (person.born_on, person.sex, person.id_number_mask, person.phone_mask, str(person)) == (
        date(1990, 1, 1),
        "m",
        f"3701**********{id_number()[-4:]}",
        "138****2046",
        "张**",
    )
    line = history(person).get()
    assert (line.verb, line.actor_id, line.grant_id, line.region_id, line.after) == (
        "person.register",
        clerk.pk,
        clerk.grants.get().pk,
        "370102",
        {"name": "张**"},
    )


def test_at_rest_neither_number_stands_in_the_row_or_in_the_records(clerk):
    registered(clerk)

    stored = at_rest("foundation_person") + at_rest("foundation_record")
    assert "张三丰" in stored
    for secret in (id_number(), id_number()[6:], PHONE, PHONE[3:]):
        assert secret not in stored
        assert secret.encode().hex() not in stored


def test_the_same_number_looks_different_each_time_it_is_sealed(clerk):
    one, other = registered(clerk), registered(clerk, id_number=id_number(5))

    assert bytes(one.phone_cipher) != bytes(other.phone_cipher)
    assert bytes(one.phone_hash) == bytes(other.phone_hash)
    assert bytes(one.id_number_hash) != bytes(other.id_number_hash)


def test_a_person_is_found_by_the_whole_number_however_it_is_typed(clerk):
    person = registered(clerk)
    registered(clerk, id_number=id_number(5))

    assert find_by_id_number(f" {id_number().lower()} ") == person
    assert find_by_id_number(id_number(7)) is None
    assert find_by_id_number("370102") is None


def test_a_phone_may_be_shared_and_finds_all_who_gave_it(clerk):
    one, other = registered(clerk), registered(clerk, id_number=id_number(5))
    registered(clerk, id_number=id_number(7), phone="13900000000")

    assert find_by_phone(PHONE) == [one, other]


def test_a_look_up_finds_nobody_beyond_reach(clerk):
    person = registered(clerk)

    with database_scope({"*:3702"}):
        assert (find_by_id_number(id_number()), find_by_phone(PHONE)) == (None, [])
    with database_scope({"*:3701"}):
        assert (find_by_id_number(id_number()), find_by_phone(PHONE)) == (person, [person])


def test_a_number_is_registered_once(clerk):
    registered(clerk)

    with pytest.raises(Invalid) as refused:
        registered(clerk, name="李四")

    assert refused.value.data["fields"] == {"id_number": "该证件号码已登记，请在原记录上更新"}
    assert Person.objects.count() == 1


def test_a_number_known_beyond_reach_is_refused_in_the_same_words(clerk):
    registered(clerk)
    place = RegionFactory(code="370202")
    stranger = AccountFactory(grants=[(place, None, RIGHTS)])

    with database_scope(stranger.audience_keys()), pytest.raises(Invalid) as refused:
        register_person(
            name="张三丰", region=place, line=LineFactory(), actor=stranger, id_number=id_number()
        )

    assert refused.value.data["fields"] == {"id_number": "该证件号码已登记，请在原记录上更新"}
    assert Person.objects.count() == 1


def test_people_without_a_number_are_registered_side_by_side(clerk):
    for name in ("张三", "李四"):
        registered(clerk, name=name, id_number="", phone="")

    assert list(Person.objects.order_by("pk").values_list("name", "id_number_hash", "phone_mask")) == [
        ("张三", None, ""),
        ("李四", None, ""),
    ]


def test_every_mistake_is_told_at_once_and_nothing_is_written(clerk):
    before = Record.objects.count()

    with pytest.raises(Invalid) as refused:
        registered(clerk, name="  ", id_number="370102", phone="12345")

    assert refused.value.data["fields"] == {
        "name": "请填写姓名",
        "id_number": "身份证号应为 18 位（前 17 位数字，末位数字或 X），现为 6 位",
        "phone": "手机号应为 11 位数字（固定电话请带区号，如 0531-12345678）",
    }
    assert (Person.objects.count(), Record.objects.count()) == (0, before)


def test_a_name_longer_than_its_column_is_refused(clerk):
    with pytest.raises(Invalid) as refused:
        registered(clerk, name="长" * 65)

    assert refused.value.data["fields"].keys() == {"name"}


@pytest.mark.parametrize(
    ("place", "line", "rights"),
    [("370202", None, RIGHTS), ("370102", "court", RIGHTS), ("370102", None, "person.view person.reveal")],
)
def test_who_lacks_the_right_there_registers_nobody(clerk, place, line, rights):
    other = AccountFactory(
        grants=[(RegionFactory(code=place), line and LineFactory(code=line), rights)],
    )

    with pytest.raises(NotAllowed):
        registered(other)

    assert not Person.objects.exists()


def test_a_number_in_full_takes_the_right_and_a_reason_and_leaves_a_record(clerk):
    person = registered(clerk)

    shown = reveal(person, "id_number", actor=clerk, reason=" 核对参赛资格 ")

    line = history(person).last()
    assert shown == id_number()
    assert (line.verb, line.actor_id, line.grant_id, line.after, line.reason) == (
        "reveal",
        clerk.pk,
        clerk.grants.get().pk,
        {"field": "id_number"},
        "核对参赛资格",
    )


def test_without_a_reason_or_a_right_nothing_is_shown_and_nothing_recorded(clerk):
    person = registered(clerk)
    editor = AccountFactory(grants=[(person.region, None, "person.view person.edit")])
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, RIGHTS)])
    of_another_line = AccountFactory(grants=[(person.region, LineFactory(code="court"), RIGHTS)])
    before = history(person).count()

    for actor in (editor, elsewhere, of_another_line):
        with pytest.raises(NotAllowed):
            reveal(person, "phone", actor=actor, reason="核对参赛资格")
    for reason in ("", "   ", "看一下"):
        with pytest.raises(Invalid):
            reveal(person, "phone", actor=clerk, reason=reason)

    assert history(person).count() == before


def test_what_was_never_given_is_revealed_as_nothing(clerk):
    person = registered(clerk, phone="")

    assert reveal(person, "phone", actor=clerk, reason="联系本人核实") == ""


def test_a_cipher_moved_to_another_field_does_not_open(clerk):
    person = registered(clerk)
    person.phone_cipher = person.id_number_cipher

    with pytest.raises(crypto.KeyProblem):
        reveal(person, "phone", actor=clerk, reason="联系本人核实")


def test_after_a_rotation_everything_is_sealed_again_and_stays_readable(clerk):
    both = registered(clerk)
    phone_only = registered(clerk, id_number="", phone="13900000000")
    registered(clerk, id_number="", phone="")
    old, new = crypto.newest_key(), crypto.rotate().pk
    late = registered(clerk, id_number=id_number(5))
    assert (old < new, crypto.newest_key(), crypto.key_of(bytes(late.phone_cipher))) == (True, new, new)

    sealed = seal_again()

    ciphers = [
        bytes(cipher)
        for row in Person.objects.values_list("id_number_cipher", "phone_cipher")
        for cipher in row
        if cipher
    ]
    assert (sealed, seal_again()) == (3, 0)
    assert {crypto.key_of(cipher) for cipher in ciphers} == {new}
    assert len(ciphers) == 5
    for person, field, text in (
        (both, "id_number", id_number()),
        (both, "phone", PHONE),
        (phone_only, "phone", "13900000000"),
        (late, "id_number", id_number(5)),
    ):
        person.refresh_from_db()
        assert reveal(person, field, actor=clerk, reason="轮换后核对") == text


def test_sealing_again_goes_by_batches_and_the_rest_stays_readable(clerk):
    people = [registered(clerk, id_number=id_number(n)) for n in (1, 3, 5)]
    crypto.rotate()

    assert seal_again(limit=2) == 4
    assert [p.pk for p in people if find_by_id_number(id_number(1 + 2 * people.index(p))) == p] == [
        p.pk for p in people
    ]
    people[2].refresh_from_db()
    assert reveal(people[2], "phone", actor=clerk, reason="轮换途中核对") == PHONE
    assert (seal_again(limit=2), seal_again(limit=2)) == (2, 0)


def test_a_name_in_full_takes_the_right_and_a_reason_and_leaves_a_record(clerk):
    person = registered(clerk)
    viewer = AccountFactory(grants=[(person.region, None, "person.view")])

    with pytest.raises(NotAllowed):
        reveal(person, "name", actor=viewer, reason="核对参赛资格")
    shown = reveal(person, "name", actor=clerk, reason="核对参赛资格")

    line = history(person).last()
    assert (shown, line.verb, line.after, line.reason) == (
        "张三丰",
        "reveal",
        {"field": "name"},
        "核对参赛资格",
    )


def test_a_whole_number_however_it_is_typed_finds_by_its_hash_and_half_a_one_is_refused(clerk):
    person = registered(clerk)
    registered(clerk, id_number=id_number(5), phone="0531-12345678")
    wide = PHONE.translate({ord(str(n)): 0xFF10 + n for n in range(10)})

    for text in (id_number().lower(), f" {id_number()} ", PHONE, "138 1234 2046", wide):
        assert Person.objects.get(with_number(text)) == person
    assert Person.objects.filter(with_number("0531-12345678")).count() == 1
    for text in ("370102", "1381234", "张三", id_number()[:-1]):
        with pytest.raises(Invalid) as refused:
            with_number(text)
        assert refused.value.data["fields"].keys() == {"number"}


def test_an_employment_begins_with_the_right_over_the_person_and_is_on_record(clerk):
    person, unit = registered(clerk), OrganisationFactory()

    employment = employ(person, unit, actor=clerk, starts_on=date(2026, 3, 1), post="焊工")

    assert (employment.person, employment.organisation, employment.post, employment.ends_on) == (
        person,
        unit,
        "焊工",
        None,
    )
    line = history(person).last()
    assert (line.verb, line.grant_id, line.after) == (
        "person.employ",
        clerk.grants.get().pk,
        {"organisation": unit.pk, "starts_on": "2026-03-01"},
    )


def test_one_person_may_work_at_two_organisations_but_not_twice_at_one(clerk):
    person, unit = registered(clerk), OrganisationFactory()
    employ(person, unit, actor=clerk, starts_on=date(2026, 3, 1))

    employ(person, OrganisationFactory(), actor=clerk, starts_on=date(2026, 3, 1))
    with pytest.raises(Invalid) as refused:
        employ(person, unit, actor=clerk, starts_on=date(2026, 6, 1))

    assert refused.value.data["fields"] == {"organisation": "已在该单位任职"}
    assert person.employments.count() == 2


def test_who_comes_back_begins_on_the_day_the_former_employment_ended_or_later(clerk):
    person, unit = registered(clerk), OrganisationFactory()
    Employment.objects.create(
        person=person, organisation=unit, starts_on=date(2025, 1, 1), ends_on=date(2026, 1, 1)
    )

    with pytest.raises(Invalid):
        employ(person, unit, actor=clerk, starts_on=date(2025, 12, 31))
    again = employ(person, unit, actor=clerk, starts_on=date(2026, 1, 1))

    assert again.starts_on == date(2026, 1, 1)


def test_who_lacks_the_right_over_the_person_employs_nobody(clerk):
    person, unit = registered(clerk), OrganisationFactory()
    over_the_unit_alone = AccountFactory(grants=[(unit.region, None, RIGHTS)])

    with pytest.raises(NotAllowed):
        employ(person, unit, actor=over_the_unit_alone, starts_on=date(2026, 3, 1))

    assert not Employment.objects.exists()


def test_the_database_refuses_an_employment_that_ends_before_it_begins(clerk):
    person, unit = registered(clerk), OrganisationFactory()

    with pytest.raises(IntegrityError, match="employment_period"), transaction.atomic():
        Employment.objects.create(
            person=person, organisation=unit, starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 1)
        )


def employed(clerk: Account) -> Employment:
    return employ(registered(clerk), OrganisationFactory(), actor=clerk, starts_on=date(2026, 3, 1))


def test_an_employment_ends_on_its_day_for_a_reason_and_both_are_on_record(clerk):
    employment = employed(clerk)

    end_employment(employment, actor=clerk, ends_on=date(2026, 9, 1), reason=" 合同到期 ")

    employment.refresh_from_db()
    line = history(employment.person).last()
    assert employment.ends_on == date(2026, 9, 1)
    assert (line.verb, line.actor_id, line.grant_id, line.before, line.after, line.reason) == (
        "person.leave",
        clerk.pk,
        clerk.grants.get().pk,
        {"organisation": employment.organisation_id, "starts_on": "2026-03-01"},
        {"ends_on": "2026-09-01"},
        "合同到期",
    )


@pytest.mark.parametrize(
    ("ends_on", "reason", "field"),
    [(date(2026, 3, 1), "合同到期", "ends_on"), (date(2025, 3, 1), "合同到期", "ends_on"), (date(2026, 9, 1), " ", "reason")],
)  # fmt: skip
def test_an_end_before_the_beginning_or_without_a_reason_ends_nothing(clerk, ends_on, reason, field):
    employment = employed(clerk)
    before = Record.objects.count()

    with pytest.raises(Invalid) as refused:
        end_employment(employment, actor=clerk, ends_on=ends_on, reason=reason)

    employment.refresh_from_db()
    assert refused.value.data["fields"].keys() == {field}
    assert (employment.ends_on, Record.objects.count()) == (None, before)


def test_what_has_ended_does_not_end_again(clerk):
    employment = employed(clerk)
    end_employment(employment, actor=clerk, ends_on=date(2026, 9, 1), reason="合同到期")

    with pytest.raises(Invalid, match="2026-09-01"):
        end_employment(employment, actor=clerk, ends_on=date(2026, 10, 1), reason="再来一次")

    employment.refresh_from_db()
    assert employment.ends_on == date(2026, 9, 1)


def test_who_lacks_the_right_over_the_person_ends_nothing(clerk):
    employment = employed(clerk)
    place = employment.person.region
    strangers = [
        AccountFactory(grants=[(RegionFactory(code="370202"), None, RIGHTS)]),
        AccountFactory(grants=[(place, LineFactory(code="court"), RIGHTS)]),
        AccountFactory(grants=[(place, None, "person.view person.reveal")]),
    ]

    for actor in strangers:
        with pytest.raises(NotAllowed):
            end_employment(employment, actor=actor, ends_on=date(2026, 9, 1), reason="不该发生")

    employment.refresh_from_db()
    assert employment.ends_on is None
