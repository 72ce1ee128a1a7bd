"""Addresses of the vote of a round."""

from django.urls import path

from yanzhen.faces.console.votes import views

urlpatterns = [
    path("votes/<int:pk>/", views.one, name="votes"),
    path("votes/<int:pk>/<str:number>/<slug:code>/", views.behind, name="votes-behind"),
]
