from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "yanzhen.engines.indicators"
    label = "indicators"
    verbose_name = "指标"
