"""Addresses of craftsmen; `faces.console.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.craftsmen import flock, mentoring, sanctions, studios

urlpatterns = [
    path("formation/", flock.flying, name="formation"),
    path("formation/records/", flock.behind, name="formation-records"),
    path("mentorships/new/", mentoring.proposing, name="mentorship-new"),
    path("wishes/", mentoring.wishes, name="wishes"),
    path("wishes/new/", mentoring.wishing, name="wish-new"),
    path("wishes/proposals/", mentoring.proposals, name="wish-proposals"),
    path("wishes/<int:pk>/withdraw/", mentoring.withdrawing, name="wish-withdraw"),
    path("mentorships/<str:number>/milestones/", mentoring.milestones, name="milestones"),
    path("milestones/<int:pk>/report/", mentoring.reporting, name="milestone-report"),
    path("milestones/<int:pk>/confirm/", mentoring.confirming, name="milestone-confirm"),
    path("studios/", studios.listing, name="studios"),
    path("studios/new/", studios.founding, name="studio-new"),
    path("studios/<int:pk>/", studios.one, name="studio"),
    path("studios/<int:pk>/grants/new/", studios.granting, name="grant-new"),
    path("sanctions/", sanctions.listing, name="sanctions"),
    path("sanctions/new/", sanctions.entering, name="sanction-new"),
    path("sanctions/<int:pk>/end/", sanctions.ending, name="sanction-end"),
]
