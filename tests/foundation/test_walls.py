"""The database's own walls, by raw SQL as the web's role: what it can not see, change, remove or unlock."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from tests.factories import AccountFactory, CaseFactory, LineFactory, OrganisationFactory, RegionFactory
from tests.rosters import ROSTERS
from tests.walled import NEVER_CHANGED, PARTS
from yanzhen.domains.hotline.calls.models import Call, CallBack, Trunk
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures.models import Party
from yanzhen.foundation.models import Attachment, Batch, Organisation, Person, Record
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import EVERYTHING, database_scope
from yanzhen.foundation.walls import APPEND_ONLY, BEHIND, raise_walls, walled_models

pytestmark = pytest.mark.django_db


def attachment(**place: Any) -> Attachment:
    return Attachment.objects.create(name="x", size=1, subject_type="x", subject_id="1", **place)


def party(**place: Any) -> Party:
    return Party.objects.create(
        procedure="hotline.case",
        subject_id=1,
        number=f"P-{place['region'].pk}",
        organisation=OrganisationFactory(**place),
        state="offered",
        demand="请协助核查",
        asked_by=AccountFactory(),
        asked_at=timezone.now(),
        **place,
    )


def batch(**place: Any) -> Batch:
    return Batch.objects.create(
        sheet="hotline.case", file=attachment(**place), sender=AccountFactory(), **place
    )


def call(**place: Any) -> Call:
    trunk = Trunk.objects.create(name=f"T{place['region'].pk}", digest=os.urandom(32), **place)
    return Call.objects.create(
        trunk=trunk, ref="1", direction="in", status="ringing", started_at=timezone.now(), **place
    )


def call_back(**place: Any) -> CallBack:
    return CallBack.objects.create(
        number=f"HB-{place['region'].pk}", state="waiting", procedure_version=1, started_at=timezone.now(),
        caller_cipher=b"x", phone_hash=os.urandom(32), **place,
    )  # fmt: skip


MAKE: dict[type[models.Model], Callable[..., models.Model]] = {
    Person: lambda **place: Person.objects.create(name="张三", **place),
    Case: CaseFactory,
    Attachment: attachment,
    Party: party,
    Batch: batch,
    Call: call,
    CallBack: call_back,
    **ROSTERS,
    **PARTS,
}
walled = pytest.mark.parametrize("model", list(MAKE), ids=lambda model: model.__name__)


def fetched(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def two_places(model: type[models.Model]) -> str:
    """Make a row in 370102 and one in 370202; return the table's name."""
    line = LineFactory(code="union")
    for code in ("370102", "370202"):
        MAKE[model](region=RegionFactory(code=code), line=line)
    return model._meta.db_table


def test_what_tells_of_people_and_cases_is_walled_and_names_of_units_are_not():
    assert set(walled_models()) == set(MAKE)
    assert Organisation not in walled_models()


@walled
def test_raw_sql_sees_no_row_of_another_place(model):
    table = two_places(model)

    with database_scope({"*:3701"}):
        seen = fetched(f"select region_id from {table}")
        counted = fetched(f"select count(*), max(region_id) from {table} where region_id >= '3702'")
        joined = fetched(
            f"select r.code from foundation_region r left join {table} t on t.region_id = r.code"
            " where t.region_id is null order by 1"
        )
    with database_scope({EVERYTHING}):
        everything = fetched(f"select region_id from {table} order by 1")

    assert (seen, counted, everything) == ([("370102",)], [(0, None)], [("370102",), ("370202",)])
    assert ("370202",) in joined


@walled
def test_raw_sql_sees_no_row_of_another_line(model):
    table = two_places(model)

    with database_scope({"court:3701", "union:3702"}):
        assert fetched(f"select region_id from {table}") == [("370202",)]


@walled
@pytest.mark.parametrize("how", ["select set_config('yanzhen.reach', '', false)", "reset yanzhen.reach"])
def test_with_nothing_set_the_table_looks_empty(model, how):
    table = two_places(model)
    with connection.cursor() as cursor:
        cursor.execute(how)

    assert fetched(f"select count(*) from {table}") == [(0,)]


@pytest.mark.parametrize(
    "model", [m for m in MAKE if m not in NEVER_CHANGED], ids=lambda model: model.__name__
)
def test_what_is_not_seen_is_neither_changed_nor_removed(model):
    table = two_places(model)

    with connection.cursor() as cursor, database_scope({"*:3701"}):
        cursor.execute(f"update {table} set shared_with = '{{}}'")
        changed = cursor.rowcount
        cursor.execute(f"delete from {table} where region_id = '370202'")
        removed = cursor.rowcount
    with database_scope({EVERYTHING}):
        left = fetched(f"select count(*) from {table}")

    assert (changed, removed, left) == (1, 0, [(2,)])


@pytest.mark.parametrize(
    "statement",
    [
        "alter table foundation_person disable row level security",
        "drop policy reach on foundation_person",
        "alter table foundation_record disable trigger append_only",
        "create or replace function yanzhen_append_only() returns trigger language plpgsql as 'begin return null; end'",
        "create or replace function yanzhen_reach() returns text[] language sql as $$ select array['*:'] $$",
        "set session_replication_role = replica",
        "alter role yanzhen_web bypassrls",
        "create table public.mine (id int)",
        "set row_security = off; select count(*) from foundation_person",
    ],
)
def test_the_web_role_can_not_take_a_wall_down(statement):
    as_the_web = f"set local session authorization {settings.WEB_ROLE}; "

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(as_the_web + statement)


def test_the_web_role_is_an_ordinary_one():
    (role,) = fetched(
        "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles where rolname = %s",
        settings.WEB_ROLE,
    )
    owned = fetched("select tablename from pg_tables where tableowner = %s", settings.WEB_ROLE)

    assert (role, owned) == ((False,) * 5, [])


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_of_what_is_recorded_the_web_role_may_read_and_add_and_nothing_else(table):
    rights = ("select", "insert", "update", "delete", "truncate", "references", "trigger")

    (held,) = fetched(
        "select " + ", ".join(f"has_table_privilege('{settings.WEB_ROLE}', '{table}', '{r}')" for r in rights)
    )

    assert dict(zip(rights, held, strict=True)) == {r: r in {"select", "insert"} for r in rights}


@pytest.mark.parametrize(
    "statement",
    [
        "update foundation_record set reason = 'x'",
        "update foundation_record set reason = 'x' where false",
        "delete from foundation_record",
        "truncate foundation_record",
        "with gone as (delete from foundation_record returning 1) select count(*) from gone",
        "merge into foundation_record r using (select 1) s on true when matched then delete",
        "insert into foundation_record (id, verb, subject_type, subject_id, region_id, line_id, reason)"
        " overriding system value select id, verb, 'x', 'x', '', '', '' from foundation_record"
        " on conflict (id) do update set verb = 'x'",
    ],
)
@pytest.mark.parametrize(
    ("role", "why"), [("web", "permission denied"), ("owner", "append-only")], ids=["web", "owner"]
)
def test_a_record_is_neither_changed_nor_removed_by_any_statement(role, why, statement):
    row = OrganisationFactory()
    record("edit", row, actor=None, reason="原样")
    with connection.cursor() as cursor:
        if role == "owner":
            cursor.execute("reset role")
        with pytest.raises(DatabaseError, match=why), transaction.atomic():
            cursor.execute(statement)

    assert [(r.verb, r.reason) for r in Record.objects.all()] == [("edit", "原样")]


def test_the_walls_can_be_raised_again_at_any_time():
    policies = "select tablename, policyname from pg_policies order by 1"
    before = fetched(policies)

    with connection.cursor() as cursor:
        cursor.execute("reset role")
        raise_walls()
        cursor.execute(f"set role {settings.WEB_ROLE}")

    assert fetched(policies) == before
    of_the_search = {"search_entry"}
    assert [name for name, _ in before] == sorted(
        {*(m._meta.db_table for m in MAKE), *BEHIND, *of_the_search}
    )
    table = two_places(Person)
    with database_scope({"*:3701"}):
        assert fetched(f"select region_id from {table}") == [("370102",)]


def test_the_policy_itself_is_served_by_the_index_over_the_audience():
    two_places(Person)

    with connection.cursor() as cursor, database_scope({"*:3701"}):
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("explain select id from foundation_person")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "person_audience" in plan
    assert "Index Cond: (audience &&" in plan
