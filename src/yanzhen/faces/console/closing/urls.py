"""Addresses of closing the loop; `faces.console.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.closing import calls, history, marks, samples

CALL = "closing/call-backs/<str:number>"
urlpatterns = [
    path("closing/call-backs/", calls.listing, name="call-backs"),
    path(f"{CALL}/noted/", calls.noting, name="call-noted"),
    path(f"{CALL}/noted/<slug:outcome>/", calls.telling, name="call-told"),
    path(f"{CALL}/reached/", calls.reached, name="call-reached"),
    path(f"{CALL}/answered-online/", calls.taking_over, name="call-answered-online"),
    path(f"{CALL}/given-up/", calls.giving_up, name="call-given-up"),
    path(f"{CALL}/attempts/<int:pk>/take-back/", calls.taking_back, name="call-taken-back"),
    path("closing/cases/<str:number>/", history.history, name="closing-history"),
    path("closing/cases/<str:number>/adopt/", history.adopting, name="closing-adopt"),
    path("closing/samples/", samples.listing, name="samples"),
    path("closing/samples/<int:pk>/", samples.one, name="sample"),
    path("closing/draws/<int:pk>/", samples.draw, name="draw"),
    path("closing/unreasonable/propose/", marks.proposing, name="mark-propose"),
]
