from django.db import migrations, models

KEYS = """
update calls_call c set employer_key = s.employer_key from hotline_case s
where s.id = c.case_id and s.employer_key <> '';
"""
ANONYMOUS = """
update calls_call c set case_id = null, outcome = 'anonymous' from hotline_case s
where s.id = c.case_id and s.anonymous;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0001_telephone"),
        ("hotline", "0004_employer_key"),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="employer_key",
            field=models.CharField(blank=True, default="", editable=False, max_length=128),
        ),
        migrations.AlterField(
            model_name="call",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("answered", "咨询，已当场答复"),
                    ("repeat", "重复来电，已有工单"),
                    ("progress", "查询进度，已告知"),
                    ("called_back", "回拨通话，已在回拨任务中办理"),
                    ("wrong", "误拨"),
                    ("silent", "无声或中断，听不清"),
                    ("nuisance", "骚扰"),
                    ("test", "测试"),
                    ("elsewhere", "不属于本热线，已告知去处"),
                    ("no_number", "未显示号码，无法回拨"),
                    ("not_reached", "呼出未接通"),
                    ("anonymous", "已登记匿名诉求"),
                ],
                max_length=12,
                verbose_name="小结",
            ),
        ),
        migrations.RunSQL(KEYS, migrations.RunSQL.noop, elidable=True),
        migrations.RunSQL(ANONYMOUS, migrations.RunSQL.noop, elidable=True),
    ]
