"""Addresses of the routing table."""

from django.urls import path

from yanzhen.faces.console.routing import views

urlpatterns = [
    path("routes/", views.listing, name="routes"),
    path("routes/new/", views.changing, name="route-new"),
    path("routes/<int:pk>/end/", views.ending, name="route-end"),
]
