"""Addresses of reconciliation."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.reconciliation import reports

urlpatterns = [
    path("reconciliation/", reports.listing, name="reconciliation"),
    path("reconciliation/run/", reports.running, name="reconciliation-run"),
    path("reconciliation/<int:pk>/", reports.one, name="reconciliation-report"),
]
