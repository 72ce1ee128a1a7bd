"""A database of its own with a million synthetic cases, for benches that ask how cost grows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from yanzhen.faces.cli.install import load_packs
from yanzhen.foundation.models import Account, Organisation, Region

CASES = int(os.environ.get("YANZHEN_BENCH_CASES", "1000000"))

FILL = """
insert into hotline_case (
    region_id, line_id, shared_with, party_keys, open_parties, number, state, procedure_version, due_at, late, step, started_at, ended_at, channel,
    received_at, title, body, category_id, urgency, employer, employer_key, place, headcount, anonymous, secret, caller_mask, complexity, returns,
    check_hash, reply, satisfaction, reached, solved, quality_passed, answered_at, organisation_id, handler_id
)
select c.code, 'union', '{}', '{}', 0, 'BENCH-' || n, case when n %% 20 = 0 then 'handling' else 'closed' end, 1,
       case when n %% 20 = 0 then t + interval '21 days' end, n %% 40 = 0, 5, t,
       case when n %% 20 = 0 then null else t + interval '9 days' end, 'phone',
       t, '拖欠工资 ' || n, '单位拖欠三个月工资，请求帮助追讨。编号 ' || n, '010101', 'normal', '演示单位' || n %% 5000, '演示单位' || n %% 5000, '', 1,
       false, false, '张* 138****0000', 'ordinary', 0, '\\x00', '经核查属实，已补发。',
       case when n %% 20 = 0 then '' else 'satisfied' end, true, true, case when n %% 20 <> 0 then true end, t, u.id, case when n %% 60 > 0 then u.handlers[1 + n %% 2] end
from generate_series(1, %s) n
cross join lateral (select now() - (n %% 525600) * interval '1 minute' as t) at
join (select code, row_number() over (order by code) - 1 as k, count(*) over () as many
      from foundation_region where level = 'county' and valid_to is null) c on c.k = (n::bigint * 7919) %% c.many
join (select o.id, o.region_id, array_agg(a.id order by a.id) as handlers
      from foundation_organisation o join foundation_account a on a.organisation_id = o.id group by o.id) u on u.region_id = c.code
"""
"""Each in the union of its county, with one of two who work there; of the running ones a third has nobody yet."""


@contextmanager
def province(cases: int) -> Iterator[None]:
    """Switch the default connection to a fresh database that holds `cases` cases, and drop it at the end."""
    name = f"yanzhen_bench_{os.getpid()}_{cases}"
    home = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"create database {name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8'"
        )
    _switch(name)
    try:
        call_command("migrate", verbosity=0)
        load_packs()
        fill(cases)
        yield
    finally:
        _switch(home)
        with connection.cursor() as cursor:
            cursor.execute(f"drop database {name} with (force)")


def fill(cases: int) -> None:
    """Add closed and running cases over all counties and a year, and the unions that have them."""
    counties = Region.objects.filter(level=Region.Level.COUNTY, valid_to=None).values_list("code", "name")
    unions = Organisation.objects.bulk_create(
        Organisation(region_id=code, line_id="union", kind="union", name=f"演示{name}总工会")
        for code, name in counties
    )
    Account.objects.bulk_create(
        Account(username=f"bench-{union.region_id}-{n}", name=f"演示{n}", organisation=union, password="!")
        for union in unions
        for n in range(2)
    )
    with connection.cursor() as cursor:
        cursor.execute(FILL, [cases])
        cursor.execute("vacuum analyze hotline_case")


@contextmanager
def web_role() -> Iterator[None]:
    """Act as the role that serves the web, with both walls up."""
    with connection.cursor() as cursor:
        cursor.execute(f"set role {settings.WEB_ROLE}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("reset role")


def _switch(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
