from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.foundation.models import Organisation, Record
from yanzhen.foundation.records import history, insert_selected, record, record_many
from yanzhen.foundation.records.write import COLUMNS, COPY_FROM, masked

pytestmark = pytest.mark.django_db


def columns(line):
    return {name: getattr(line, name) for name in COLUMNS}


def test_a_record_keeps_who_under_which_grant_what_where_and_why():
    place = RegionFactory(code="370102")
    row = OrganisationFactory(region=place, line=LineFactory(code="union"))
    clerk = AccountFactory(grants=[(place, None, "organisation.edit")])

    record(
        "rename",
        row,
        actor=clerk,
        right="organisation.edit",
        before={"name": "甲"},
        after={"name": "乙"},
        reason="更名",
    )

    assert columns(history(row).get()) == {
        "actor_id": clerk.pk,
        "grant_id": clerk.grants.get().pk,
        "verb": "rename",
        "subject_type": "foundation.organisation",
        "subject_id": str(row.pk),
        "region_id": "370102",
        "line_id": "union",
        "before": {"name": "甲"},
        "after": {"name": "乙"},
        "reason": "更名",
    }


def test_a_record_costs_one_statement(django_assert_num_queries):
    row = OrganisationFactory()

    with django_assert_num_queries(1):
        record("view", row, actor=None)


@pytest.mark.parametrize("count", [3, COPY_FROM])
def test_many_records_are_what_single_ones_would_be(count):
    row = OrganisationFactory()
    clerk = AccountFactory(grants=[(row.region, None, "organisation.edit")])
    values = {"actor": clerk, "right": "organisation.edit", "reason": "批量\t制表\\反斜杠"}
    record("edit", row, before=None, after={"n": 1.5, "text": 'a\t"b"\n'}, **values)

    record_many("edit", [(row, None, {"n": 1.5, "text": 'a\t"b"\n'})] * count, **values)

    first, *others = history(row)
    assert [columns(line) for line in others] == [columns(first)] * count


def test_dates_decimals_and_choices_become_json():
    row = OrganisationFactory()

    record(
        "edit",
        row,
        actor=None,
        after={"on": date(2026, 1, 2), "yuan": Decimal("1.10"), "kind": Organisation.Kind.COURT},
    )

    assert history(row).get().after == {"on": "2026-01-02", "yuan": "1.10", "kind": "court"}


def test_id_and_phone_numbers_are_masked_wherever_they_were_typed():
    row = OrganisationFactory()

    record(
        "edit", row, actor=None, reason="来电13812345678，证件37010219900101123X",
        before={"note": ["13812345678", {"id": "370102199001011234"}]}, after={"n": 13812345678},
    )  # fmt: skip

    line = history(row).get()
    assert line.reason == "来电138****5678，证件3701**********123X"
    assert line.before == {"note": ["138****5678", {"id": "3701**********1234"}]}


@pytest.mark.parametrize(
    "text", ["913701001630612345", "GD370102-20261124-000123", "a13812345678b" * 4, "20261124143122123456"]
)
def test_codes_and_digests_are_not_taken_for_people(text):
    assert masked(text) == text


def test_records_can_be_selected_into_place():
    kept = [OrganisationFactory(name=name) for name in ("甲", "乙")]
    source = "select id as subject_id, region_id, line_id, null::jsonb as before, jsonb_build_object('name', name) as after from foundation_organisation where name <> %s"

    count = insert_selected(
        "load", "foundation.organisation", source, ["丙"], actor=None, reason="批次 13812345678"
    )

    assert count == 2
    assert [(r.subject_id, r.region_id, r.after, r.reason) for r in Record.objects.order_by("id")] == [
        (str(o.pk), o.region_id, {"name": o.name}, "批次 138****5678") for o in kept
    ]


def test_a_record_goes_with_the_change_that_was_taken_back():
    row = OrganisationFactory()
    with transaction.atomic():
        record("edit", row, actor=None)
        transaction.set_rollback(True)

    assert not history(row).exists()


@pytest.mark.parametrize("table", ["foundation_record", "foundation_checkpoint", "foundation_leaf"])
@pytest.mark.parametrize("statement", ["update {} set {} = {}", "delete from {}", "truncate {} cascade"])
@pytest.mark.parametrize("role", ["web", "owner"])
def test_neither_the_web_role_nor_the_owner_changes_or_removes_what_is_recorded(role, table, statement):
    column = "record_id" if table == "foundation_leaf" else "id"
    with connection.cursor() as cursor:
        if role == "owner":
            cursor.execute("reset role")
        with pytest.raises(DatabaseError, match=r"permission denied|append-only"), transaction.atomic():
            cursor.execute(statement.format(table, column, column))
