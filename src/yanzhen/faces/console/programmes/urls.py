"""Addresses of programmes, rounds, and what is done to an application beside its moves."""

from django.urls import path

from yanzhen.faces.console.programmes import applications, definitions, editor, rounds

ONE = "applications/<str:number>"
urlpatterns = [
    path("programmes/", definitions.listing, name="programmes"),
    path("programmes/copy/<slug:code>/", definitions.copying, name="programme-copy"),
    path("programmes/<int:pk>/", definitions.one, name="definition"),
    path("programmes/<int:pk>/edit/", editor.editing, name="definition-edit"),
    path("programmes/<int:pk>/open/", definitions.opening, name="round-open"),
    path("programmes/<int:pk>/difference/<int:other>/", definitions.difference, name="definition-difference"),
    path("rounds/", rounds.listing, name="rounds"),
    path("rounds/<int:pk>/", rounds.one, name="round"),
    path("rounds/<int:pk>/turn/", rounds.turning, name="round-turn"),
    path("rounds/<int:pk>/pause/", rounds.pausing, name="round-pause"),
    path("rounds/<int:pk>/resume/", rounds.resuming, name="round-resume"),
    path("rounds/<int:pk>/cancel/", rounds.cancelling, name="round-cancel"),
    path("rounds/<int:pk>/stages/<str:stage>/", rounds.dating, name="round-window"),
    path(f"{ONE}/conditions/examine/", applications.examining, name="examine"),
    path(f"{ONE}/conditions/<int:order>/", applications.settling, name="settle"),
    path(f"{ONE}/opinions/ask/", applications.asking, name="ask-opinions"),
    path(f"{ONE}/opinions/<slug:line>/", applications.giving, name="give-opinion"),
]
