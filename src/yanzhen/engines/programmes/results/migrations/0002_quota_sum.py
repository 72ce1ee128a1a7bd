from django.db import migrations

FUNCTION = """
create function programmes_quota_sum() returns trigger language plpgsql as $$
declare
    concerned bigint := case when tg_op = 'DELETE' then old.round_id else new.round_id end;
    places bigint;
    dealt bigint;
    whole bigint;
begin
    select sum(c.places), sum(c.dealt) into places, dealt from programmes_quotacell c where c.round_id = concerned;
    if places is null then
        return null;
    end if;
    select (r.form -> 'quota' ->> 'places')::bigint into whole from programmes_round r where r.id = concerned;
    if places <> whole or dealt <> whole then
        raise exception 'round %: the cells hold % places (% dealt), the quota is %', concerned, places, dealt, whole
            using errcode = 'check_violation', constraint = 'quota_sum';
    end if;
    return null;
end $$
"""
TRIGGER = """
create constraint trigger quota_sum after insert or update or delete on programmes_quotacell
deferrable initially deferred for each row execute function programmes_quota_sum()
"""


class Migration(migrations.Migration):
    """The cells of a round add up to its quota when a transaction ends, whoever wrote them."""

    dependencies = [("results", "0001_tables"), ("programmes", "0001_tables")]

    operations = [
        migrations.RunSQL(FUNCTION, "drop function programmes_quota_sum()"),
        migrations.RunSQL(TRIGGER, "drop trigger quota_sum on programmes_quotacell"),
    ]
