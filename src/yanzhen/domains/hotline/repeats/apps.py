from django.apps import AppConfig


class RepeatsConfig(AppConfig):
    name = "yanzhen.domains.hotline.repeats"
    label = "repeats"
    verbose_name = "重复与合并"

    def ready(self) -> None:
        from yanzhen.domains.hotline.repeats import indicators  # noqa: F401, PLC0415  # declared when models are loaded
