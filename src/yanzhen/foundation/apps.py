from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

DECLARATIONS = ("rights", "procedures", "dimensions", "indicators", "searching", "sheets")
"""Modules in which apps declare things, in the order in which they may name each other."""


class FoundationConfig(AppConfig):
    name = "yanzhen.foundation"
    label = "foundation"
    verbose_name = "基础"

    def ready(self) -> None:
        from yanzhen.foundation.walls import raise_walls  # noqa: PLC0415  # models must be loaded first

        post_migrate.connect(raise_walls, dispatch_uid="walls")
        for kind in DECLARATIONS:
            autodiscover_modules(kind)
