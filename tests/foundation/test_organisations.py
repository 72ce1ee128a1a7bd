"""Organisations: the credit code's check, one name in one place, the right over both places, the record."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Organisation, Record
from yanzhen.foundation.organisations import named, save_organisation, the_one, uscc_problem
from yanzhen.foundation.records import history

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WRONG = "统一社会信用代码有误：应为 18 位，请核对校验位"
ENTERPRISE = "91110000600037341L"
bodies = st.builds(
    lambda who, place, body: who + place + body,
    st.sampled_from(["81", "91", "93", "12", "51", "N2", "A1", "Y1"]),
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.text(LETTERS, min_size=9, max_size=9),
)


def checked(body: str) -> str:
    """Add the check character as GB 32100-2015 computes it: weights 3^i mod 31."""
    total = sum(LETTERS.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + LETTERS[-total % 31]


def clerk_of(region, line=None):
    return AccountFactory(grants=[(region, line, "organisation.edit")])


@given(body=bodies)
def test_a_code_with_the_standards_check_character_is_taken(body):
    assert uscc_problem(checked(body)) is None


@given(body=bodies, at=st.integers(0, 17), wrong=st.sampled_from(LETTERS))
def test_one_wrong_character_is_always_caught(body, at, wrong):
    code = checked(body)
    slip = code[:at] + wrong + code[at + 1 :]

    assert uscc_problem(slip) == (None if slip == code else WRONG)


@pytest.mark.parametrize(
    "text", ["", "9111", ENTERPRISE + "0", "91110000600037341I", ENTERPRISE[:4] + " " + ENTERPRISE[5:]]
)
def test_what_has_not_the_shape_is_refused(text):
    assert uscc_problem(text) == WRONG


def test_the_code_of_a_union_and_of_a_village_collective_are_taken():
    assert [uscc_problem(checked(body)) for body in ("81370000MC0000001", "N2370102MF0000001")] == [
        None,
        None,
    ]


@pytest.mark.django_db
def test_an_organisation_is_registered_with_what_was_given_on_record():
    place, line = RegionFactory(code="370102"), LineFactory(code="union")
    clerk = clerk_of(place)

    made = save_organisation(
        Organisation(),
        actor=clerk,
        name=" 某某工会 ",
        kind="union",
        region=place,
        line=line,
        uscc=ENTERPRISE.lower(),
    )

    assert (made.name, made.uscc) == ("某某工会", ENTERPRISE)
    line_of = history(made).get()
    assert (line_of.verb, line_of.actor_id, line_of.grant_id, line_of.before, line_of.after) == (
        "organisation.save",
        clerk.pk,
        clerk.grants.get().pk,
        None,
        {"name": "某某工会", "kind": "union", "region": "370102", "line": "union", "uscc": ENTERPRISE},
    )


@pytest.mark.django_db
def test_an_edit_is_on_record_before_and_after():
    row = OrganisationFactory(name="旧名", headcount=10)

    save_organisation(row, actor=clerk_of(row.region), name="新名", headcount=12)

    line = history(row).get()
    assert (line.before, line.after) == (
        {"name": "旧名", "aliases": [], "headcount": 10},
        {"name": "新名", "aliases": ["旧名"], "headcount": 12},
    )


@pytest.mark.django_db
def test_every_field_gets_its_reason_and_nothing_is_written():
    place = RegionFactory()
    OrganisationFactory(region=place, name="同名")
    before = Record.objects.count()

    with pytest.raises(Invalid) as refused:
        save_organisation(
            Organisation(region=place, line=LineFactory()),
            actor=clerk_of(place),
            name="同名",
            kind="club",
            headcount=-1,
            uscc=ENTERPRISE[:-1] + "M",
        )

    assert refused.value.data["fields"].keys() == {"name", "kind", "headcount", "uscc"}
    assert refused.value.data["fields"]["name"] == f"{place}已有同名单位"
    assert refused.value.data["fields"]["uscc"] == WRONG
    assert (Organisation.objects.count(), Record.objects.count()) == (1, before)


@pytest.mark.django_db
def test_the_same_name_in_another_place_is_another_organisation():
    OrganisationFactory(name="总工会")
    place = RegionFactory()

    save_organisation(
        Organisation(region=place, line=LineFactory()), actor=clerk_of(place), name="总工会", kind="union"
    )

    assert Organisation.objects.filter(name="总工会").count() == 2


@pytest.mark.django_db
def test_a_credit_code_belongs_to_one_organisation_and_the_refusal_names_it():
    OrganisationFactory(name="先登记的", uscc=ENTERPRISE)
    place = RegionFactory()

    with pytest.raises(Invalid) as refused:
        save_organisation(
            Organisation(region=place, line=LineFactory()),
            actor=clerk_of(place),
            name="后来的",
            kind="enterprise",
            uscc=ENTERPRISE,
        )

    assert refused.value.data["fields"] == {"uscc": "该统一社会信用代码已登记在“先登记的”名下"}


@pytest.mark.django_db
def test_several_organisations_may_be_without_a_credit_code():
    place, line = RegionFactory(), LineFactory()
    for name in ("甲", "乙"):
        save_organisation(
            Organisation(region=place, line=line), actor=clerk_of(place), name=name, kind="union", uscc=""
        )

    assert list(Organisation.objects.values_list("name", "uscc")) == [("甲", None), ("乙", None)]


@pytest.mark.django_db
def test_the_right_is_asked_by_place_and_by_line():
    row = OrganisationFactory(line=LineFactory(code="union"))
    elsewhere = clerk_of(RegionFactory())
    of_another_line = clerk_of(row.region, LineFactory(code="court"))
    viewer = AccountFactory(grants=[(row.region, None, "organisation.view")])

    for actor in (elsewhere, of_another_line, viewer):
        with pytest.raises(NotAllowed):
            save_organisation(row, actor=actor, name="改名")

    row.refresh_from_db()
    assert row.name != "改名"


@pytest.mark.django_db
def test_nobody_takes_an_organisation_out_of_a_place_that_is_not_theirs():
    row, mine = OrganisationFactory(), RegionFactory()
    place = row.region

    with pytest.raises(NotAllowed):
        save_organisation(row, actor=clerk_of(mine), region=mine)

    assert Organisation.objects.get(pk=row.pk).region == place


@pytest.mark.django_db
def test_nobody_moves_an_organisation_into_a_place_that_is_not_theirs():
    row = OrganisationFactory()

    with pytest.raises(NotAllowed):
        save_organisation(row, actor=clerk_of(row.region), region=RegionFactory())


@pytest.mark.django_db
def test_only_declared_columns_can_be_edited():
    row = OrganisationFactory()

    with pytest.raises(TypeError, match="shared_with"):
        save_organisation(row, actor=clerk_of(row.region), shared_with=["*:"])


@pytest.mark.django_db
def test_a_name_is_found_by_a_part_of_it_and_an_alias_by_the_whole():
    whole = OrganisationFactory(name="济南市历下区总工会", aliases=["历下工会"])
    OrganisationFactory(name="历下区法院")
    OrganisationFactory(name="已撤并的历下区总工会", valid_to="2020-01-01")

    assert list(named("历下区总工会")) == [whole]
    assert list(named("历下工会")) == [whole]
    assert list(named("历下工")) == []


@pytest.mark.django_db
def test_an_organisation_lies_neither_below_itself_nor_below_what_is_below_it():
    top = OrganisationFactory()
    middle = OrganisationFactory(parent=top, region=top.region)
    bottom = OrganisationFactory(parent=middle, region=top.region)
    clerk = clerk_of(top.region)

    for parent in (top, middle, bottom):
        with pytest.raises(Invalid) as refused:
            save_organisation(Organisation.objects.get(pk=top.pk), actor=clerk, parent=parent)
        assert refused.value.data["fields"] == {"parent": "上级单位不能是本单位或它的下级"}
    save_organisation(bottom, actor=clerk, parent=top)

    assert Organisation.objects.filter(parent=top).count() == 2


@pytest.mark.django_db
def test_a_ring_that_stands_in_old_data_stops_nobody():
    one, other = OrganisationFactory(), OrganisationFactory()
    Organisation.objects.filter(pk=one.pk).update(parent=other)
    Organisation.objects.filter(pk=other.pk).update(parent=one)
    row = OrganisationFactory()

    save_organisation(row, actor=clerk_of(row.region), parent=Organisation.objects.get(pk=one.pk))

    assert Organisation.objects.get(pk=row.pk).parent == one


@pytest.mark.django_db
def test_a_form_names_an_organisation_by_code_by_number_or_by_its_whole_name():
    row = OrganisationFactory(name="济南市历下区总工会", uscc=ENTERPRISE)
    OrganisationFactory(name="已撤并的工会", valid_to="2020-01-01")

    for text in (ENTERPRISE, f" {ENTERPRISE.lower()} ", str(row.pk), "济南市历下区总工会"):
        assert the_one(text) == row
    for text in ("历下区总工会", "已撤并的工会", "99999999", "9" * 40, "9" * 18, ""):
        assert the_one(text) is None


@pytest.mark.django_db
def test_a_name_that_several_have_names_none_and_the_refusal_tells_them_apart():
    one, other = OrganisationFactory(name="总工会"), OrganisationFactory(name="总工会")

    with pytest.raises(Invalid) as refused:
        the_one("总工会")

    for each in (one, other):
        assert f"{each.region}（编号 {each.pk}）" in refused.value.message


def waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("reset role; select pg_stat_clear_snapshot()")
        cursor.execute(
            "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())"
        )
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_register_the_same_at_once_the_second_is_refused():
    place, line = RegionFactory(), LineFactory()
    first, second = clerk_of(place), clerk_of(place)
    refusals: list[Invalid] = []

    def register_too() -> None:
        try:
            save_organisation(
                Organisation(region=place, line=line), actor=second, name="同一个", kind="union"
            )
        except Invalid as refusal:
            refusals.append(refusal)
        finally:
            connection.close()

    other = threading.Thread(target=register_too)
    with transaction.atomic():
        save_organisation(Organisation(region=place, line=line), actor=first, name="同一个", kind="union")
        other.start()
        deadline = time.monotonic() + 20
        while not waiting_for_a_lock() and time.monotonic() < deadline:
            time.sleep(0.02)
    other.join()

    assert [list(refusal.data["fields"]) for refusal in refusals] == [["name"]]
    assert Organisation.objects.filter(name="同一个").count() == 1
