"""The addresses of repeats and groups."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.repeats import acts, views

ONE = "cases/<str:number>/repeats"
urlpatterns = [
    path("register/alike/", views.alike, name="alike"),
    path(f"{ONE}/", views.overview, name="repeats"),
    path(f"{ONE}/compare/", views.comparing, name="repeats-compare"),
    path(f"{ONE}/leave/", acts.leaving, name="repeats-leave"),
    path(f"{ONE}/dissolve/", acts.dissolving, name="repeats-dissolve"),
    path(f"{ONE}/assign/", acts.assigning, name="repeats-assign"),
    path(f"{ONE}/answer/", acts.answering, name="repeats-answer"),
    path(f"{ONE}/again/", acts.bringing, name="repeats-again"),
]
