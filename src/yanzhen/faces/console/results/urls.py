"""The addresses of results."""

from __future__ import annotations

from django.urls import path

from yanzhen.faces.console.results import certificates, notices, objections, places, shortlists

urlpatterns = [
    path("results/", shortlists.listing, name="results"),
    path("results/<int:pk>/places/", places.ledger, name="results-places"),
    path("results/<int:pk>/places/move/", places.moving, name="results-move"),
    path("results/<int:pk>/places/<str:code>/letter/", places.letter, name="results-letter"),
    path("results/<int:pk>/shortlist/", shortlists.shortlist, name="results-shortlist"),
    path("results/<int:pk>/shortlist/run/", shortlists.running, name="results-run"),
    path("results/<int:pk>/shortlist/adopt/", shortlists.adopting, name="results-adopt"),
    path("results/<int:pk>/notice/", notices.notice, name="results-notice"),
    path("results/<int:pk>/notice/publish/", notices.publishing_, name="results-publish"),
    path("results/<int:pk>/notice/renew/", notices.renewing, name="results-renew"),
    path("results/<int:pk>/notice/posting/", notices.posting, name="results-posting"),
    path("results/<int:pk>/award/", notices.awarding, name="results-award"),
    path("results/<int:pk>/certificates/", certificates.certificates, name="results-certificates"),
    path("results/<int:pk>/certificates/issue/", certificates.issuing, name="results-issue"),
    path("results/<int:pk>/certificates/<int:first>/", certificates.fetching, name="results-fetch"),
    path("objections/<str:number>/preview/", objections.preview, name="objection-preview"),
]
