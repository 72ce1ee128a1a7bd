from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from yanzhen.faces import demo, health, preferences
from yanzhen.faces.api.urls import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/", api.urls),
    path("cti/", include("yanzhen.faces.cti.urls")),
    path("preferences/", preferences.preferences, name="preferences"),
    path("", include("yanzhen.faces.login.urls")),
    path("console/", include("yanzhen.faces.console.urls")),
    path("", include("yanzhen.faces.portal.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/switch/", demo.switch, name="demo-switch"))
