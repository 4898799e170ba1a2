"""Every address of the API, below `/api/v1/`."""

from django.urls import path

from annotations import api as annotations
from codesign.studies import api as studies

urlpatterns = [
    path("studies/", studies.StudiesView.as_view()),
    path("studies/<slug:slug>/assignments/", annotations.LeaseView.as_view()),
    path("assignments/<str:assignment_id>/", annotations.AssignmentView.as_view()),
    path("assignments/<str:assignment_id>/draft/", annotations.DraftView.as_view()),
    path("assignments/<str:assignment_id>/skip/", annotations.SkipView.as_view()),
    path("assignments/<str:assignment_id>/submission/", annotations.SubmissionView.as_view()),
]
