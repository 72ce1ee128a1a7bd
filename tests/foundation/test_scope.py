"""Scope: the Python form, the queryset and PostgreSQL's row-level security answer alike, whatever the matrix."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import AccountFactory, CaseFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.domains.hotline.models import Case
from yanzhen.foundation.models import Account, Attachment, Grant, Organisation, Region
from yanzhen.foundation.scope import EVERYTHING, Reach, audience_of, database_scope, prefix_of

pytestmark = pytest.mark.django_db

RIGHT = "case.view"
WELL_KNOWN = ["370000", "370100", "370102", "370102001", "370200", "370202", "371000", "371600", "410000"]
codes = st.sampled_from(WELL_KNOWN) | st.from_regex(
    r"3[67](0000|0[12]00|0[12]0[12]|0[12]0[12]00[12])", fullmatch=True
)
lines = st.sampled_from(["union", "court", "hrss"])
cells = st.tuples(codes, st.none() | lines)


@pytest.mark.parametrize(
    ("code", "prefix"),
    [
        ("370000", "37"),
        ("370100", "3701"),
        ("371000", "3710"),
        ("370102", "370102"),
        ("370102001", "370102001"),
    ],
)
def test_a_regions_prefix_is_what_all_codes_of_its_subtree_share(code, prefix):
    assert prefix_of(code) == prefix


@given(region=codes, line=lines, place=codes, of=st.none() | lines)
def test_a_reach_covers_in_python_what_the_audience_says(region, line, place, of):
    reach = Reach(prefix_of(place), of)

    assert reach.covers(region, line) == (reach.key in audience_of(region, line))


@given(region=codes, line=lines)
def test_everything_is_in_the_audience_of_every_row(region, line):
    assert EVERYTHING in audience_of(region, line)


def row_in(code: str, line: str, shared: list[str]) -> Attachment:
    return Attachment.objects.create(
        region=RegionFactory(code=code),
        line=LineFactory(code=line),
        shared_with=shared,
        name=code,
        size=1,
        subject_type="x",
        subject_id="1",
    )


def in_raw_sql(keys: Any) -> set[Any]:
    """Return the ids of the attachments that row-level security shows for `keys`."""
    with connection.cursor() as cursor, database_scope(keys):
        cursor.execute("select id from foundation_attachment")
        return {pk for (pk,) in cursor.fetchall()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    places=st.lists(st.tuples(codes, lines), min_size=1, max_size=8),
    grants=st.lists(cells, max_size=4),
    guests=st.lists(st.tuples(st.integers(0, 7), codes, lines), max_size=3),
    merged=st.none() | st.tuples(codes, codes),
)
def test_python_queryset_and_row_level_security_agree(places, grants, guests, merged):
    with transaction.atomic():
        if merged and merged[0] != merged[1]:
            RegionFactory(code=merged[0]).successors.add(RegionFactory(code=merged[1]))
        shared: dict[int, list[str]] = {}
        for at, code, line in guests:
            shared.setdefault(at, []).extend(audience_of(code, line)[1:])
        rows = [row_in(code, line, shared.get(n, [])) for n, (code, line) in enumerate(places)]
        account = AccountFactory()
        role = AccountFactory(grants=[(RegionFactory(code="990000"), None, RIGHT)]).grants.get().role
        for code, line in set(grants):
            region, of = RegionFactory(code=code), LineFactory(code=line) if line else None
            Grant.objects.create(account=account, role=role, region=region, line=of)
        reaches = account.reaches(RIGHT)

        own = {
            row.pk
            for row in rows
            if any(r.covers(row.region_id, row.line_id) for r in reaches)
            or any(r.covers(c, o) for r in reaches for at, c, o in guests if rows[at : at + 1] == [row])
        }
        by_method = {row.pk for row in rows if row.lies_in(reaches)}
        by_queryset = [row.pk for row in Attachment.objects.visible_to(account, RIGHT)]
        by_database = in_raw_sql(account.audience_keys())
        transaction.set_rollback(True)

    assert by_method == own
    assert sorted(by_queryset) == sorted(own)
    assert by_database == own


def test_the_database_computes_the_same_audience():
    for code in WELL_KNOWN:
        row = OrganisationFactory(region=RegionFactory(code=code), shared_with=["court:370202"])
        row.refresh_from_db()
        assert set(row.audience) == {*audience_of(code, "union"), "court:370202"}


def test_the_queryset_asks_for_the_right_and_the_second_wall_for_any_right():
    row = row_in("370102", "union", [])
    account = AccountFactory(grants=[(row.region, None, "person.view")])

    assert list(Attachment.objects.visible_to(account, RIGHT)) == []
    assert list(Attachment.objects.visible_to(account, "person.view")) == [row]
    assert in_raw_sql(account.audience_keys()) == {row.pk}


def test_who_holds_nothing_sees_nothing():
    row_in("370102", "union", [])
    nobody = AccountFactory()

    assert list(Attachment.objects.visible_to(nobody, RIGHT)) == []
    assert in_raw_sql(nobody.audience_keys()) == set()


def test_a_grant_over_a_region_covers_what_was_merged_into_it():
    jinan, laiwu = RegionFactory(code="370100"), RegionFactory(code="371200")
    laiwu.successors.add(jinan)
    inside = OrganisationFactory(region=laiwu)
    OrganisationFactory(region=RegionFactory(code="370200"))
    clerk = AccountFactory(grants=[(jinan, None, "organisation.view")])

    assert list(Organisation.objects.visible_to(clerk, "organisation.view")) == [inside]


def test_an_account_reads_its_grants_once(django_assert_num_queries):
    place = RegionFactory(code="370102")
    account = AccountFactory(grants=[(place, None, RIGHT), (place, None, "person.view")])

    with django_assert_num_queries(1):
        held = (
            account.reaches(RIGHT),
            account.audience_keys(),
            account.has_right(RIGHT, CaseFactory.build(region=place, line=LineFactory.build())),
        )

    assert held == ([Reach("370102")], {"*:370102"}, True)


def test_the_record_names_the_first_grant_that_gives_the_right():
    place = RegionFactory(code="370102")
    other_right, elsewhere, first, second = (
        (place, None, "person.view"),
        (RegionFactory(code="370202"), None, RIGHT),
        (place, LineFactory(code="union"), RIGHT),
        (place, None, RIGHT),
    )
    account = AccountFactory(grants=[other_right, elsewhere, first, second])
    row = row_in("370102", "union", [])

    ids = list(account.grants.order_by("pk").values_list("pk", flat=True))
    assert account.grant_for(RIGHT, row) == ids[2]
    assert Account.objects.get(pk=account.pk).grant_for("case.assign", row) is None


def test_what_was_shared_into_a_region_is_seen_there_but_does_not_lie_there():
    shared = audience_of("370202", "court")[1:]
    row = CaseFactory(region=RegionFactory(code="370102"), shared_with=shared)
    guest = AccountFactory(grants=[(RegionFactory(code="370202"), LineFactory(code="court"), RIGHT)])

    assert list(Case.objects.visible_to(guest, RIGHT)) == [row]
    assert [list(Case.objects.within([prefix])) for prefix in ("3702", "3701", "37")] == [[], [row], [row]]


@given(wanted=st.lists(codes, max_size=3), places=st.lists(codes, min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_rows_within_regions_are_those_whose_own_code_begins_so(wanted, places):
    prefixes = [prefix_of(code) for code in wanted]
    with transaction.atomic():
        rows = [row_in(code, "union", []) for code in places]
        found = {row.pk for row in Attachment.objects.within(prefixes)}
        transaction.set_rollback(True)

    assert found == {row.pk for row in rows if any(row.region_id.startswith(p) for p in prefixes)}


def test_the_database_scope_is_put_back_whatever_happens():
    row = row_in("370102", "union", [])

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from foundation_attachment where id = %s", [row.pk])
            return int(cursor.fetchone()[0])

    with database_scope({"*:3701"}):
        with database_scope({"*:3702"}):
            inner = count()
        between = count()
        with pytest.raises(ZeroDivisionError), database_scope(set()):
            _ = 1 / 0
        after_an_error = count()

    assert (inner, between, after_an_error, count()) == (0, 1, 1, 1)
    assert Region.objects.filter(code="370102").exists()
