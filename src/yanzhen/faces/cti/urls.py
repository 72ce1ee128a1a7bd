"""The telephone's addresses."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.cti import events, route

app_name = "cti"
urlpatterns = [
    path("route", route.route, name="route"),
    path("<str:token>", events.take, name="events"),
]
