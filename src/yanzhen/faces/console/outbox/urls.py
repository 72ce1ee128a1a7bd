"""Addresses of notices: the account's own, and those that leave the house."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.outbox import deliveries, endpoints, notices

urlpatterns = [
    path("notices/", notices.listing, name="notices"),
    path("notices/bell/", notices.bell, name="bell"),
    path("notices/read/", notices.reading_all, name="notices-read"),
    path("notices/<int:pk>/read/", notices.reading, name="notice-read"),
    path("outbox/", deliveries.listing, name="deliveries"),
    path("outbox/resend/", deliveries.resending_all, name="deliveries-resend"),
    path("outbox/<int:pk>/resend/", deliveries.resending, name="delivery-resend"),
    path("outbox/endpoints/", endpoints.listing, name="endpoints"),
    path("outbox/endpoints/new/", endpoints.registering, name="endpoint-new"),
    path("outbox/endpoints/<int:pk>/", endpoints.one, name="endpoint"),
    path("outbox/endpoints/<int:pk>/secret/", endpoints.rotating, name="endpoint-secret"),
    path("outbox/endpoints/<int:pk>/switch/", endpoints.switching, name="endpoint-switch"),
    path("outbox/endpoints/<int:pk>/test/", endpoints.testing, name="endpoint-test"),
]
