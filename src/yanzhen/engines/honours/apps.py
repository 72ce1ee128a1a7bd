from django.apps import AppConfig


class HonoursConfig(AppConfig):
    name = "yanzhen.engines.honours"
    label = "honours"
    verbose_name = "荣誉与证书"

    def ready(self) -> None:
        from yanzhen.engines.honours import procedures  # noqa: F401, PLC0415  # declared at import
