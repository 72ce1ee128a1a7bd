from django.db import migrations, models

KEEP = """
update hotline_case set employer_key = given.key from unnest(%s::bigint[], %s::text[]) as given (id, key)
where hotline_case.id = given.id
"""
BATCH = 5000


def fill(apps, schema_editor):
    """Give every case that names a unit the key of the name, as it is written from now on."""
    from yanzhen.domains.hotline.names import name_key  # noqa: PLC0415  # the one form: a copy here would be a second

    case = apps.get_model("hotline", "Case")
    named = case.objects.exclude(employer="").order_by("pk").values_list("pk", "employer")
    keys = {}
    with schema_editor.connection.cursor() as cursor:
        for rows in _batches(named):
            for _pk, name in rows:
                if name not in keys:
                    keys[name] = name_key(name)
            cursor.execute(KEEP, [[pk for pk, _ in rows], [keys[name] for _, name in rows]])


def _batches(named):
    """By key of the row: a cursor would end with the first statement beside it."""
    last = 0
    while rows := list(named.filter(pk__gt=last)[:BATCH]):
        yield rows
        last = rows[-1][0]


class Migration(migrations.Migration):
    dependencies = [
        ("hotline", "0003_phone_tail_code"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="employer_key",
            field=models.CharField(blank=True, default="", editable=False, max_length=128),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField(model_name="case", name="accused"),
    ]
