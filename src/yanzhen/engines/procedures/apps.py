from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "yanzhen.engines.procedures"
    label = "procedures"
    verbose_name = "流程"
