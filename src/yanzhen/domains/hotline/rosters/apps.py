from django.apps import AppConfig


class RostersConfig(AppConfig):
    name = "yanzhen.domains.hotline.rosters"
    label = "rosters"
    verbose_name = "坐席与排班"

    def ready(self) -> None:
        from yanzhen.domains.hotline.rosters import rights, sheets, tasks  # noqa: F401, PLC0415  # declare themselves
