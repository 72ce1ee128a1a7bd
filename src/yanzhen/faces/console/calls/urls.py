"""The telephone's pages in the console."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.calls import acts, bar, listing, mine, trunks

urlpatterns = [
    path("calls/", mine.mine, name="calls"),
    path("calls/now/", mine.now, name="calls-now"),
    path("calls/bar/", bar.bar, name="call-bar"),
    path("calls/all/", listing.listing, name="calls-all"),
    path("calls/<int:pk>/", listing.one, name="call"),
    path("calls/<int:pk>/finish/", acts.finishing, name="call-finish"),
    path("calls/<int:pk>/recording/", acts.recording, name="call-recording"),
    path("trunks/", trunks.listing, name="trunks"),
    path("trunks/new/", trunks.opening, name="trunk-new"),
    path("trunks/<int:pk>/close/", trunks.closing, name="trunk-close"),
]
