from django.urls import path

from yanzhen.faces.portal import feedback, views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("submit/", views.submit, name="submit"),
    path("receipt/", views.receipt, name="receipt"),
    path("receipt/put-away/", views.put_away, name="put_away"),
    path("track/", views.track, name="track"),
    path("track/answer/", feedback.answer, name="answer"),
    path("track/appeal/", feedback.appeal, name="appeal"),
    path("help/", views.help_page, name="help"),
    path("privacy/", views.privacy, name="privacy"),
]
