from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.foundation.models import Attachment, Organisation, Region
from yanzhen.foundation.scope import Reach, audience_of, database_scope, prefix_of

pytestmark = pytest.mark.django_db

codes = st.sampled_from(["370000", "370100", "370102", "370102001", "370200", "370202", "371600", "410000"])
lines = st.sampled_from(["union", "court", "hrss"])


@given(region=codes, line=lines, place=codes, of=st.none() | lines)
def test_a_reach_covers_in_python_what_the_audience_says(region, line, place, of):
    reach = Reach(prefix_of(place), of)

    assert reach.covers(region, line) == (reach.key in audience_of(region, line))


def test_a_reach_covers_in_python_what_it_selects_in_sql():
    all_codes = ["370000", "370100", "370102", "370102001", "370200", "370202"]
    for code in all_codes:
        for line in ("union", "court"):
            OrganisationFactory(region=RegionFactory(code=code), line=LineFactory(code=line))

    for code in all_codes:
        for line in ("union", "court", None):
            reach = Reach(prefix_of(code), line)
            covered = {o for o in Organisation.objects.all() if reach.covers(o.region_id, o.line_id)}
            assert set(Organisation.objects.filter(audience__overlap=[reach.key])) == covered
            assert covered


def test_the_database_computes_the_same_audience():
    for code in ("370000", "370100", "370102", "370102001"):
        row = OrganisationFactory(region=RegionFactory(code=code))
        row.refresh_from_db()
        assert set(row.audience) == set(audience_of(code, "union"))


def test_a_grant_over_a_region_covers_what_was_merged_into_it():
    jinan, laiwu = RegionFactory(code="370100"), RegionFactory(code="371200")
    laiwu.successors.add(jinan)
    inside = OrganisationFactory(region=laiwu)
    OrganisationFactory(region=RegionFactory(code="370200"))
    clerk = AccountFactory(grants=[(jinan, None, "organisation.view")])

    assert list(Organisation.objects.visible_to(clerk, "organisation.view")) == [inside]


def test_the_second_wall_hides_foreign_rows_from_raw_sql():
    for code in ("370102", "370202"):
        region = RegionFactory(code=code)
        Attachment.objects.create(region=region, line=LineFactory(), name=code, size=1, subject_type="x", subject_id="1")
    with connection.cursor() as cursor, database_scope({"*:3701"}):
        cursor.execute("select name from foundation_attachment")
        seen = cursor.fetchall()
    with connection.cursor() as cursor, database_scope(set()):
        cursor.execute("select count(*) from foundation_attachment")
        nothing = cursor.fetchone()

    assert seen == [("370102",)]
    assert nothing == (0,)
    assert Region.objects.count() == 2
