"""The addresses of the classifier's pages."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.classification import views

urlpatterns = [
    path("classification/", views.overview, name="classification"),
    path("classify/", views.classify, name="classify"),
]
