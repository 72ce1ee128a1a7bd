from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "yanzhen.engines.programmes.visits"
    label = "visits"
    verbose_name = "实地考察"
