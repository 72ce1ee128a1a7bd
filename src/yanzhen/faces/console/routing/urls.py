"""Addresses of the routing table and of the tree of categories."""

from django.urls import path

from yanzhen.faces.console.routing import categories, views

urlpatterns = [
    path("routes/", views.listing, name="routes"),
    path("routes/new/", views.changing, name="route-new"),
    path("routes/<int:pk>/end/", views.ending, name="route-end"),
    path("categories/", categories.listing, name="categories"),
    path("categories/<str:code>/withdraw/", categories.withdrawing, name="category-withdraw"),
    path("categories/<str:code>/reinstate/", categories.reinstating, name="category-reinstate"),
]
