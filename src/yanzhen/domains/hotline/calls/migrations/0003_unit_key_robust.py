from django.db import migrations

KEYS = """
update calls_call c set employer_key = s.employer_key from hotline_case s
where s.id = c.case_id and s.employer_key <> '' and c.employer_key <> s.employer_key;
"""


def alone(apps, schema_editor):
    """What a call has from no case of its own, or from one of several, loses the legal form as the keys of cases do."""
    from yanzhen.domains.hotline.names import name_key  # noqa: PLC0415  # the one form: a copy here would be a second

    calls = apps.get_model("calls", "Call").objects.exclude(employer_key="")
    for key in list(calls.values_list("employer_key", flat=True).distinct()):
        if name_key(key) != key:
            calls.filter(employer_key=key).update(employer_key=name_key(key))


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0002_unit_of_the_case"),
        ("hotline", "0010_employer_key_robust"),
    ]

    operations = [
        migrations.RunSQL(KEYS, migrations.RunSQL.noop, elidable=True),
        migrations.RunPython(alone, migrations.RunPython.noop, elidable=True),
    ]
