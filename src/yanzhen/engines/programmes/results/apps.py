from django.apps import AppConfig


class ResultsConfig(AppConfig):
    name = "yanzhen.engines.programmes.results"
    label = "results"
    verbose_name = "评选结果"

    def ready(self) -> None:
        from yanzhen.engines.programmes.results import waits  # noqa: F401, PLC0415  # registers what a stage waits for
