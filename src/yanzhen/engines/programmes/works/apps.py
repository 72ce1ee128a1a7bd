from django.apps import AppConfig


class WorksConfig(AppConfig):
    name = "yanzhen.engines.programmes.works"
    label = "works"
    verbose_name = "后台运行"
