from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hotline", "0004_employer_key"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("employer_key", ""), _negated=True),
                fields=["employer_key"],
                name="case_employer",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("employer", ""), models.Q(("employer_key", ""), _negated=True), _connector="OR"
                ),
                name="case_employer_has_key",
            ),
        ),
    ]
