"""Addresses of judges and of those who run a panel round."""

from django.urls import path

from yanzhen.faces.console.panels import panels, progress, reviews, scores

ROUND = "panels/<int:pk>"
SCORE = f"{ROUND}/scores/<int:run>"
urlpatterns = [
    path("reviews/", reviews.listing, name="reviews"),
    path("reviews/<int:pk>/", reviews.one, name="review"),
    path("reviews/<int:pk>/papers/<uuid:paper>/", reviews.paper, name="review-paper"),
    path("reviews/<int:pk>/recuse/", reviews.recusing, name="review-recuse"),
    path(f"{ROUND}/", panels.one, name="panel-round"),
    path(f"{ROUND}/judges/", panels.judges, name="panel-judges"),
    path(f"{ROUND}/judges/invite/", panels.inviting, name="panel-invite"),
    path(f"{ROUND}/judges/<int:judge>/bar/", panels.barring, name="panel-bar"),
    path(f"{ROUND}/fill/", panels.filling, name="panel-fill"),
    path(f"{ROUND}/holes/", panels.mending, name="panel-holes"),
    path(f"{ROUND}/progress/", progress.progress, name="panel-progress"),
    path(f"{ROUND}/sheets/<int:sheet>/", progress.sheet, name="panel-sheet"),
    path(f"{ROUND}/sheets/<int:sheet>/void/", progress.voiding, name="panel-void"),
    path(f"{ROUND}/redact/", progress.redactions, name="panel-redactions"),
    path(f"{ROUND}/redact/<str:number>/", progress.redacting, name="panel-redact"),
    path(f"{ROUND}/redact/<str:number>/papers/<uuid:paper>/", progress.clearing, name="panel-paper"),
    path(f"{ROUND}/scores/", scores.listing, name="panel-scores"),
    path(f"{SCORE}/", scores.one, name="panel-score"),
    path(f"{SCORE}/frozen/", scores.frozen, name="panel-frozen"),
    path(f"{SCORE}/check/", scores.checking, name="panel-check"),
    path(f"{SCORE}/adopt/", scores.adopting, name="panel-adopt"),
    path(f"{SCORE}/again/<str:number>/", scores.marking_again, name="panel-again"),
    path(f"{SCORE}/difference/<int:other>/", scores.comparing, name="panel-difference"),
]
