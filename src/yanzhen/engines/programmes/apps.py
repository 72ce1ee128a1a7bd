from django.apps import AppConfig


class ProgrammesConfig(AppConfig):
    name = "yanzhen.engines.programmes"
    label = "programmes"
    verbose_name = "评选"

    def ready(self) -> None:
        from yanzhen.engines.programmes import eligibility, unfold  # noqa: F401, PLC0415  # they declare rules and the procedure
        from yanzhen.engines.programmes.actions import inspecting, voting  # noqa: F401, PLC0415  # they give parts of the total
