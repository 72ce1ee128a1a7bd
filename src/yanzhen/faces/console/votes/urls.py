"""Addresses of the vote of a round."""

from django.urls import path

from yanzhen.faces.console.votes import views

urlpatterns = [
    path("rounds/<int:pk>/votes/", views.one, name="votes"),
    path("rounds/<int:pk>/votes/<str:number>/<slug:code>/", views.behind, name="votes-behind"),
]
