from importlib import import_module

from django.apps import AppConfig


class ClassificationConfig(AppConfig):
    name = "yanzhen.domains.hotline.classification"
    label = "classification"
    verbose_name = "诉求分类"

    def ready(self) -> None:
        import_module(f"{self.name}.rights")
