"""Homes; setting a study up; the studies of the site."""

from django.urls import path

from codesign.desk.views import homes, setting_up

app_name = "desk"
urlpatterns = [
    path("", homes.home, name="home"),
    path("site/studies/", setting_up.studies, name="studies"),
    path("site/studies/new/", setting_up.new, name="study-new"),
    path("site/studies/<slug:slug>/coordinator/", setting_up.coordinator, name="coordinator"),
    path("studies/<slug:slug>/", homes.study, name="study"),
    path("studies/<slug:slug>/trail/", homes.trail, name="trail"),
    path("studies/<slug:slug>/set-up/", setting_up.set_up, name="set-up"),
    path("studies/<slug:slug>/set-up/open/", setting_up.open_study, name="open"),
]
