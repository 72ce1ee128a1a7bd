"""Addresses of honours; `faces.console.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.honours import awarding, duty, numbering

ONE = "honours/<str:number>"
urlpatterns = [
    path("honours/award/", awarding.awarding, name="honour-award"),
    path("honours/series/", numbering.listing, name="honour-numbers"),
    path("honours/series/void/", numbering.voiding, name="honour-void"),
    path("honours/reports/", duty.listing, name="honour-reports"),
    path("honours/reports/<int:pk>/", duty.report, name="honour-report"),
    path(f"{ONE}/duty/", duty.one, name="honour-duty"),
    path(f"{ONE}/duty/new/", duty.reporting, name="honour-reporting"),
    path(f"{ONE}/certificate/", duty.certificate, name="honour-certificate"),
    path(f"{ONE}/credential/", duty.credential, name="honour-credential"),
    path(f"{ONE}/credential/replace/", duty.replacing, name="honour-credential-replace"),
]
