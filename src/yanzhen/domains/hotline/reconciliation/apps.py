from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ReconciliationConfig(AppConfig):
    name = "yanzhen.domains.hotline.reconciliation"
    label = "reconciliation"
    verbose_name = "来件对账"

    def ready(self) -> None:
        autodiscover_modules("sources")
