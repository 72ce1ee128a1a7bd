from django.db import migrations

# The round is locked first, so that two objections at once are both counted; the rows are those whose award waits.
FUNCTION = """
create function notices_freeze() returns trigger language plpgsql security definer set search_path = public as $$
declare
    open_now integer;
begin
    perform 1 from programmes_round where id = new.round_id for no key update;
    select count(*) into open_now from notices_objection o
    where o.round_id = new.round_id and o.state in ('filed', 'accepted');
    update programmes_application a set open_objections = open_now
    where a.round_id = new.round_id and a.open_objections <> open_now
      and (a.state = 'noticed' or a.id = new.application_id or a.open_objections > 0);
    return null;
end $$
"""
TRIGGER = """
create trigger freeze_result after insert or update of state on notices_objection
for each row execute function notices_freeze()
"""


class Migration(migrations.Migration):
    """While an objection is open the whole list is frozen: its applications count it, whoever moves the objection."""

    dependencies = [("notices", "0001_tables"), ("programmes", "0001_tables")]

    operations = [
        migrations.RunSQL(FUNCTION, "drop function notices_freeze()"),
        migrations.RunSQL(TRIGGER, "drop trigger freeze_result on notices_objection"),
    ]
