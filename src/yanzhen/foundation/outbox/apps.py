from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class OutboxConfig(AppConfig):
    name = "yanzhen.foundation.outbox"
    label = "outbox"
    verbose_name = "通知"

    def ready(self) -> None:
        autodiscover_modules("notices")
