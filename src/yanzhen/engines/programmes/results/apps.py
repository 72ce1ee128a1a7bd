from django.apps import AppConfig


class ResultsConfig(AppConfig):
    name = "yanzhen.engines.programmes.results"
    label = "results"
    verbose_name = "评选结果"

    def ready(self) -> None:
        from yanzhen.engines.programmes.results import waits, works  # noqa: F401, PLC0415  # what a stage waits for, what the worker does
