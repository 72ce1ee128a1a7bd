"""Many rows at once: what COPY leaves to the database, and what the database still refuses."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from tests.factories import LineFactory, OrganisationFactory, RegionFactory
from yanzhen.foundation.bulk import copy_in, reserve_ids
from yanzhen.foundation.models import Organisation
from yanzhen.foundation.scope import audience_of

pytestmark = pytest.mark.django_db

AWKWARD = "制表\t换行\n反斜杠\\ \\N 引号\"'"


def unsaved(count: int, **values) -> list[Organisation]:
    region, line = RegionFactory(code="370102"), LineFactory(code="union")
    return [
        Organisation(
            pk=pk, **({"name": f"单位{pk}", "kind": "union", "region": region, "line": line} | values)
        )
        for pk in reserve_ids(Organisation, count)
    ]


def test_reserved_ids_are_given_once_and_by_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        first = reserve_ids(Organisation, 50)
    second = reserve_ids(Organisation, 50)

    assert len({*first, *second}) == 100
    assert OrganisationFactory().pk not in {*first, *second}
    assert reserve_ids(Organisation, 0) == []


def test_rows_arrive_as_they_were_and_the_database_fills_its_own_columns():
    rows = unsaved(3, name=AWKWARD, aliases=["别名,{}", 'a"b'], headcount=None)
    for n, row in enumerate(rows):
        row.name += str(n)

    copy_in(Organisation, rows)

    stored = list(Organisation.objects.order_by("pk"))
    assert [(o.pk, o.name, o.aliases, o.headcount) for o in stored] == [
        (row.pk, row.name, ["别名,{}", 'a"b'], None) for row in rows
    ]
    assert [set(o.audience) for o in stored] == [set(audience_of("370102", "union"))] * 3


def test_a_thousand_rows_cost_as_many_statements_as_one(django_assert_num_queries):
    rows = unsaved(1000)

    with django_assert_num_queries(3):  # beside the COPY, which Django does not count
        copy_in(Organisation, rows)

    assert Organisation.objects.count() == 1000


def test_no_rows_are_no_statement():
    copy_in(Organisation, [])

    assert not Organisation.objects.exists()


def test_a_constraint_that_one_row_breaks_refuses_them_all():
    rows = unsaved(3)
    rows[2].name = rows[0].name

    with pytest.raises(IntegrityError, match="organisation_name_in_region"), transaction.atomic():
        copy_in(Organisation, rows)

    assert not Organisation.objects.exists()
