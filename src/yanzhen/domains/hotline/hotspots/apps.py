from django.apps import AppConfig


class HotspotsConfig(AppConfig):
    name = "yanzhen.domains.hotline.hotspots"
    label = "hotspots"
    verbose_name = "热点预警"

    def ready(self) -> None:
        from yanzhen.domains.hotline.hotspots import sources  # noqa: F401, PLC0415  # declared when models are loaded
