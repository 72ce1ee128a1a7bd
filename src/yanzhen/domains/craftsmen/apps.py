from django.apps import AppConfig


class CraftsmenConfig(AppConfig):
    name = "yanzhen.domains.craftsmen"
    label = "craftsmen"
    verbose_name = "工匠选树"

    def ready(self) -> None:
        from yanzhen.domains.craftsmen import (  # noqa: F401, PLC0415  # declare themselves
            dimensions,
            eligibility,
            indicators,
            procedures,
            programmes,
            sheets,
            ties,
            titles,
        )
