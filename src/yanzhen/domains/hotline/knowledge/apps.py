from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "yanzhen.domains.hotline.knowledge"
    label = "knowledge"
    verbose_name = "知识与话术"

    def ready(self) -> None:
        from yanzhen.domains.hotline.knowledge import procedures, rights  # noqa: F401, PLC0415  # they declare
