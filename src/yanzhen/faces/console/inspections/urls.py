"""Addresses of inspections."""

from django.urls import path

from yanzhen.faces.console.inspections import errands, planning

ROUND = "rounds/<int:pk>/inspections"
urlpatterns = [
    path("inspections/", errands.listing, name="inspections"),
    path("inspections/<int:pk>/", errands.one, name="inspection"),
    path("inspections/<int:pk>/files/", errands.attaching, name="inspection-attach"),
    path("inspections/<int:pk>/files/<uuid:file>/", errands.download, name="inspection-file"),
    path(f"{ROUND}/", planning.listing, name="inspection-round"),
    path(f"{ROUND}/plan/", planning.planning, name="inspection-plan"),
    path(f"{ROUND}/<int:visit>/", planning.one, name="inspection-visit"),
    path(f"{ROUND}/<int:visit>/change/", planning.changing, name="inspection-change"),
    path(f"{ROUND}/<int:visit>/call-off/", planning.calling_off, name="inspection-call-off"),
    path(f"{ROUND}/<int:visit>/files/<uuid:file>/", planning.download, name="inspection-paper"),
]
