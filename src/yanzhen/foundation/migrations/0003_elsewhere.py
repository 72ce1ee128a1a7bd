from django.db import migrations

CREATE = """
create function yanzhen_elsewhere(region text, shared text[]) returns boolean
language sql immutable parallel safe as $$
    select exists (select from unnest(shared) as key where not starts_with(region, split_part(key, ':', 2)))
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("foundation", "0002_organisation_aliases")]

    operations = [migrations.RunSQL(CREATE, "drop function yanzhen_elsewhere(text, text[])")]
