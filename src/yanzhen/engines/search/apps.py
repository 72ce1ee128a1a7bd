from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SearchConfig(AppConfig):
    name = "yanzhen.engines.search"
    label = "search"
    verbose_name = "全文检索"

    def ready(self) -> None:
        from yanzhen.engines.search import selections  # noqa: F401, PLC0415  # what is searched of a selection
        from yanzhen.engines.search.install import install  # noqa: PLC0415  # models must be loaded first

        post_migrate.connect(install, sender=self, dispatch_uid="search")
