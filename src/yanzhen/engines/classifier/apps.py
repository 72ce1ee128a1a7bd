from django.apps import AppConfig


class ClassifierConfig(AppConfig):
    name = "yanzhen.engines.classifier"
    label = "classifier"
    verbose_name = "文本分类"
