"""The addresses of the shift supervisor's page."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.live import views

urlpatterns = [
    path("live/", views.live, name="live"),
    path("live/now/", views.now, name="live-now"),
]
