"""The addresses of the hotspots."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.hotspots import views

urlpatterns = [
    path("hotspots/", views.listing, name="hotspots"),
    path("hotspots/heat/", views.heat, name="heat"),
    path("hotspots/clusters/<int:pk>/", views.cluster, name="cluster"),
    path("hotspots/<int:pk>/", views.one, name="hotspot"),
    path("hotspots/<int:pk>/acknowledge/", views.acknowledging, name="hotspot-acknowledge"),
    path("hotspots/<int:pk>/close/", views.closing, name="hotspot-close"),
]
