"""Attempts and answers are added to and never changed: kept so by the tables themselves."""

from django.db import migrations

TABLES = ("closing_attempt", "closing_survey")
FUNCTION = """
create or replace function closing_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'table % is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$
"""


def trigger(table: str) -> str:
    return (
        f"create trigger append_only before update or delete or truncate on {table}"
        " for each statement execute function closing_append_only()"
    )


class Migration(migrations.Migration):
    dependencies = [("closing", "0001_tables")]

    operations = [
        migrations.RunSQL(FUNCTION, "drop function closing_append_only()"),
        *(migrations.RunSQL(trigger(table), f"drop trigger append_only on {table}") for table in TABLES),
    ]
