from django.apps import AppConfig


class CalibrationConfig(AppConfig):
    name = "yanzhen.engines.programmes.calibration"
    label = "calibration"
    verbose_name = "评审校准"

    def ready(self) -> None:
        from yanzhen.engines.programmes.calibration import gate  # noqa: F401, PLC0415  # it closes marking until released
