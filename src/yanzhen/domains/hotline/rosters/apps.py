from django.apps import AppConfig


class RostersConfig(AppConfig):
    name = "yanzhen.domains.hotline.rosters"
    label = "rosters"
    verbose_name = "坐席与排班"
