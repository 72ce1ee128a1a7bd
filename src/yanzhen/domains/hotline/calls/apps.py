from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "yanzhen.domains.hotline.calls"
    label = "calls"
    verbose_name = "电话"

    def ready(self) -> None:
        from yanzhen.domains.hotline.calls import (  # noqa: PLC0415  # models must be loaded first
            indicators,  # noqa: F401
            procedures,  # noqa: F401
            rights,  # noqa: F401
            seats,  # noqa: F401
        )
