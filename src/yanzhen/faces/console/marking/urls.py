"""Addresses of calibration and double entry."""

from django.urls import path

from yanzhen.faces.console.marking import calibration, entries, trials

ROUND = "panels/<int:pk>"
urlpatterns = [
    path("reviews/trials/<int:pk>/", trials.listing, name="trials"),
    path("reviews/trials/<int:pk>/<int:sample>/", trials.one, name="trial"),
    path(f"{ROUND}/calibration/", calibration.one, name="calibration"),
    path(f"{ROUND}/calibration/add/", calibration.adding, name="calibration-add"),
    path(f"{ROUND}/calibration/<int:sample>/drop/", calibration.dropping, name="calibration-drop"),
    path(f"{ROUND}/calibration/release/", calibration.releasing, name="calibration-release"),
    path(f"{ROUND}/entries/", entries.listing, name="entries"),
    path(f"{ROUND}/entries/<int:assignment>/", entries.one, name="entry"),
]
