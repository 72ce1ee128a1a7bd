from django.db import migrations

KEEP = """
update hotline_case set employer_key = given.key from unnest(%s::bigint[], %s::text[]) as given (id, key)
where hotline_case.id = given.id
"""
BATCH = 5000


def fill(apps, schema_editor):
    """Give every case that names a unit the key that its name has now: without marks and legal form."""
    from yanzhen.domains.hotline.names import name_key  # noqa: PLC0415  # the one form: a copy here would be a second

    case = apps.get_model("hotline", "Case")
    named = case.objects.exclude(employer="").order_by("pk").values_list("pk", "employer", "employer_key")
    keys = {}
    with schema_editor.connection.cursor() as cursor:
        for rows in _batches(named):
            for _pk, name, _key in rows:
                if name not in keys:
                    keys[name] = name_key(name)
            stale = [(pk, keys[name]) for pk, name, key in rows if keys[name] != key]
            if stale:
                cursor.execute(KEEP, [[pk for pk, _ in stale], [key for _, key in stale]])


def _batches(named):
    """By key of the row: a cursor would end with the first statement beside it."""
    last = 0
    while rows := list(named.filter(pk__gt=last)[:BATCH]):
        yield rows
        last = rows[-1][0]


class Migration(migrations.Migration):
    dependencies = [
        ("hotline", "0009_unit_and_place"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
