from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "yanzhen.engines.procedures"
    label = "procedures"
    verbose_name = "流程"

    def ready(self) -> None:
        from yanzhen.engines.procedures.tasks import rewind_year  # noqa: PLC0415  # models must be loaded first
        from yanzhen.foundation.calendar import on_year_loaded  # noqa: PLC0415
        from yanzhen.foundation.jobs import defer  # noqa: PLC0415

        on_year_loaded.append(lambda year: defer(rewind_year, year=year))
