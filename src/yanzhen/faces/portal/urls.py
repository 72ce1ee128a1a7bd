from django.urls import path

from yanzhen.faces.portal import checking, feedback, views

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
    path("help/", views.help_page, name="help"),
    path("privacy/", views.privacy, name="privacy"),
]
