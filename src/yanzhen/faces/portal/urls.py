from django.urls import path

from yanzhen.faces.portal import checking, feedback, notices, objections, views
from yanzhen.faces.portal.selection import urls as selection_urls

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("submit/", views.submit, name="submit"),
    path("receipt/", views.receipt, name="receipt"),
    path("receipt/put-away/", views.put_away, name="put_away"),
    path("track/", views.track, name="track"),
    path("track/answer/", feedback.answer, name="answer"),
    path("track/appeal/", feedback.appeal, name="appeal"),
    path("check/", checking.asking, name="check"),
    path("check/keys.json", checking.keys, name="check-keys"),
    path("check/keys/<str:kid>/", checking.key, name="check-key"),
    path("check/issuers/<slug:code>/", checking.issuer, name="check-issuer"),
    path("check/status/<slug:purpose>/<int:n>/", checking.status, name="check-status"),
    path("check/credential/", checking.credential, name="check-credential"),
    path("check/<str:number>/", checking.answer, name="check-number"),
    path("notices/", notices.listing, name="notices"),
    path("notices/<int:pk>/", notices.one, name="notice"),
    path("notices/<int:pk>/content.json", notices.content, name="notice-content"),
    path("notices/<int:pk>/object/", objections.filing, name="object"),
    path("objections/", objections.following, name="objections"),
    path("objections/receipt/", objections.receipt, name="objection-receipt"),
    *selection_urls.urlpatterns,
    path("help/", views.help_page, name="help"),
    path("privacy/", views.privacy, name="privacy"),
]
