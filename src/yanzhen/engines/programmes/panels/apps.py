from django.apps import AppConfig


class PanelsConfig(AppConfig):
    name = "yanzhen.engines.programmes.panels"
    label = "panels"
    verbose_name = "评审"

    def ready(self) -> None:
        from yanzhen.engines.programmes.panels import parts, works  # noqa: F401, PLC0415  # what it gives to totals and turns, and has the worker do
