from django.apps import AppConfig


class HotlineConfig(AppConfig):
    name = "yanzhen.domains.hotline"
    label = "hotline"
    verbose_name = "12351维权热线"
