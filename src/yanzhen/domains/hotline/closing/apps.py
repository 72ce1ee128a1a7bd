from django.apps import AppConfig


class ClosingConfig(AppConfig):
    name = "yanzhen.domains.hotline.closing"
    label = "closing"
    verbose_name = "回访与抽检"
