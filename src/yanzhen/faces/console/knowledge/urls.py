"""Addresses of knowledge and wordings. They stand before those of the desks, one of which they take over."""

from __future__ import annotations

from django.urls import path, register_converter

from yanzhen.faces.console.knowledge import articles, macros, on_case, wordings

register_converter(wordings.KindConverter, "wording")

urlpatterns = [
    path("knowledge/", articles.listing, name="knowledge"),
    path("knowledge/expiring/", articles.expiring, name="knowledge-expiring"),
    path("knowledge/new/", articles.writing, name="article-new"),
    path("knowledge/macros/", macros.listing, name="macros"),
    path("knowledge/macros/<int:pk>/", macros.editing, name="macro"),
    path("knowledge/macros/<int:pk>/drop/", macros.dropping, name="macro-drop"),
    path("knowledge/wordings.json", on_case.wordings, name="wordings-json"),
    path("knowledge/<wording:kind>/", wordings.listing, name="wordings"),
    path("knowledge/<wording:kind>/new/", wordings.writing, name="wording-new"),
    path("knowledge/<wording:kind>/<int:pk>/", wordings.editing, name="wording"),
    path("knowledge/<str:number>/", articles.one, name="article"),
    path("knowledge/<str:number>/renew/", articles.renewing, name="article-renew"),
    path("cases/<str:number>/knowledge/", on_case.beside, name="case-knowledge"),
    path("cases/<str:number>/knowledge/<int:pk>/", on_case.citing, name="case-cite"),
    path("articles/<str:number>/move/revise/", articles.revising),
]
