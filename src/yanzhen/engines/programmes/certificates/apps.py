from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    name = "yanzhen.engines.programmes.certificates"
    label = "certificates"
    verbose_name = "证书"

    def ready(self) -> None:
        from yanzhen.engines.programmes.certificates import waits  # noqa: F401, PLC0415  # it says when the stage is over
