from django.db import migrations, models


def fill(apps, schema_editor):
    """Give every case that names a unit the key of the name, as it is written from now on."""
    from yanzhen.domains.hotline.models import name_key  # noqa: PLC0415  # the one form: a copy here would be a second

    case = apps.get_model("hotline", "Case")
    for name in case.objects.exclude(employer="").order_by().values_list("employer", flat=True).distinct():
        case.objects.filter(employer=name).update(employer_key=name_key(name))


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
