from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("repeats", "0001_tables"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="trace", name="trace_unit"),
        migrations.RemoveField(model_name="trace", name="unit"),
    ]
