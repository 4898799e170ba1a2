"""Below `/studies/<slug>/people/`."""

from django.urls import path

from codesign.enrolment import views

app_name = "enrolment"
urlpatterns = [
    path("", views.people, name="people"),
    path("<uuid:member_id>/remove/", views.remove, name="remove"),
    path("<uuid:invitation_id>/revoke/", views.revoke, name="revoke"),
]
