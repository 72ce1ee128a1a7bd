from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "yanzhen.faces.portal"
    label = "portal"
