"""The telephone's addresses."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.cti import events

app_name = "cti"
urlpatterns = [
    path("<str:token>", events.take, name="events"),
]
