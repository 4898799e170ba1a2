"""Homes."""

from django.urls import path

from codesign.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("studies/<slug:slug>/", views.study, name="study"),
    path("studies/<slug:slug>/trail/", views.trail, name="trail"),
]
