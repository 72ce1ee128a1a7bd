from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "yanzhen.domains.hotline.routing"
    label = "routing"
    verbose_name = "派单规则"
