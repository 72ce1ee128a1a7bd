from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "yanzhen.engines.programmes.notices"
    label = "notices"
    verbose_name = "公示与异议"

    def ready(self) -> None:
        from yanzhen.engines.programmes.notices import procedures, waits, works  # noqa: F401, PLC0415  # they declare and register
