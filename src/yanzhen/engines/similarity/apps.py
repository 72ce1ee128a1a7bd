from django.apps import AppConfig


class SimilarityConfig(AppConfig):
    name = "yanzhen.engines.similarity"
    label = "similarity"
    verbose_name = "文本相似"
