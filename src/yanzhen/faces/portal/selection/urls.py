"""Addresses of selection on the portal."""

from django.urls import path

from yanzhen.faces.portal.selection import own, papers, rounds, votes

urlpatterns = [
    path("apply/", rounds.listing, name="rounds"),
    path("apply/<int:pk>/", rounds.one, name="round"),
    path("apply/<int:pk>/begin/", rounds.beginning, name="begin"),
    path("apply/<int:pk>/vote/", votes.listing, name="votes"),
    path("apply/<int:pk>/vote/<str:number>/", votes.one, name="vote"),
    path("me/", own.record, name="me"),
    path("me/applications/<str:number>/", own.application, name="application"),
    path("me/applications/<str:number>/examine/", own.examine, name="application_examine"),
    path("me/applications/<str:number>/move/<slug:code>/", own.move, name="application_move"),
    path("me/honours/<str:number>/certificate/", own.certificate, name="own_certificate"),
    path("me/applications/<str:number>/papers/", papers.adding, name="application_papers"),
    path("me/applications/<str:number>/papers/<uuid:pk>/", papers.reading, name="application_paper"),
    path(
        "me/applications/<str:number>/papers/<uuid:pk>/remove/",
        papers.removing,
        name="application_paper_remove",
    ),
    path("unit/", own.unit, name="unit"),
]
