"""The database's own walls, raised again after every `migrate` from what the models say.

The role that serves web and worker may not update or delete a record, and sees of a walled table only the rows
whose audience overlaps the reach set on its connection. The owner of the tables is not bound by them.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections, models

from yanzhen.foundation.scope import Scoped

APPEND_ONLY = (
    "foundation_record", "foundation_checkpoint", "foundation_leaf", "rosters_routeanswer",
    "programmes_definition", "programmes_revision", "panels_sheet", "panels_mark", "panels_voidsheet",
    "results_seat", "notices_notice", "calibration_trial", "calibration_release",
)  # fmt: skip

ROLE = """
do $$ begin
    if not exists (select from pg_roles where rolname = '{role}') then create role {role} login; end if;
exception when duplicate_object or unique_violation then null;
end $$;
grant usage on schema public to {role};
grant select, insert, update, delete on all tables in schema public to {role};
grant usage, select on all sequences in schema public to {role};
grant execute on all functions in schema public to {role};
"""

APPEND = """
revoke update, delete, truncate on {table} from {role};
create or replace function yanzhen_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'table % is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create or replace trigger append_only before update or delete or truncate on {table}
    for each statement execute function yanzhen_append_only();
"""

POLICY = """
alter table {table} enable row level security;
drop policy if exists reach on {table};
create policy reach on {table} to {role} using ({condition}) with check (true);
"""
REACH = "audience && yanzhen_reach()"
"""The reach is a stable function and no sub-select: so the planner knows, when it plans, how much the reach holds, and
reads a province by date and a county by its keys. docs/decisions/0010-reach-when-planning.md has the figures."""
BEHIND = {"foundation_batchrow": "batch_id in (select id from foundation_batch)"}
"""Tables without a place of their own that hold what was typed: as visible as the row they hang on."""


def walled_models() -> list[type[models.Model]]:
    """Return the models whose tables row-level security guards."""
    return [m for m in apps.get_models() if issubclass(m, Scoped) and m.walled]


def raise_walls(using: str = "default", **_: Any) -> None:
    """Create the role, its rights, the append-only triggers and the policies; may be run again at any time."""
    role = settings.WEB_ROLE
    connection = connections[using]
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        cursor.execute(ROLE.format(role=role))
        for table in present.intersection(APPEND_ONLY):
            cursor.execute(APPEND.format(table=table, role=role))
        conditions = {model._meta.db_table: REACH for model in walled_models()} | BEHIND
        for table in present.intersection(conditions):
            cursor.execute(POLICY.format(table=table, role=role, condition=conditions[table]))
