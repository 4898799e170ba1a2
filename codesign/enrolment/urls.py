"""URLs for a person's own invitations, and for the people of a study."""

from django.urls import path

from codesign.enrolment import views

app_name = "enrolment"
AT = "studies/<slug:slug>/people/"
urlpatterns = [
    path("invitations/", views.invitations, name="invitations"),
    path(AT, views.people, name="people"),
    path(f"{AT}<uuid:member_id>/remove/", views.remove, name="remove"),
    path(f"{AT}requests/<uuid:request_id>/dismiss/", views.dismiss, name="dismiss"),
    path(f"{AT}<uuid:invitation_id>/revoke/", views.revoke, name="revoke"),
]
