"""URLs below `/studies/<slug>/set-up/`."""

from django.urls import path

from codesign.studies import views

app_name = "studies"
urlpatterns = [
    path("about/", views.about, name="about"),
    path("cohorts/", views.cohorts, name="cohorts"),
    path("cohorts/<uuid:cohort_id>/", views.cohort, name="cohort"),
    path("cohorts/<uuid:cohort_id>/take-out/", views.drop, name="cohort-drop"),
]
