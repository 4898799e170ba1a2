"""Every address of the API, below `/api/v1/`."""

from django.urls import path

from annotations.api import assignments, releases
from codesign.studies import api as studies

urlpatterns = [
    path("studies/", studies.StudiesView.as_view()),
    path("studies/<slug:slug>/assignments/", assignments.LeaseView.as_view()),
    path("assignments/<str:assignment_id>/", assignments.AssignmentView.as_view()),
    path("assignments/<str:assignment_id>/draft/", assignments.DraftView.as_view()),
    path("assignments/<str:assignment_id>/skip/", assignments.SkipView.as_view()),
    path("assignments/<str:assignment_id>/submission/", assignments.SubmissionView.as_view()),
    path("studies/<slug:slug>/dataset-releases/", releases.ReleasesView.as_view()),
    path(
        "studies/<slug:slug>/dataset-releases/<str:release_id>/",
        releases.OneReleaseView.as_view(),
    ),
    path(
        "studies/<slug:slug>/dataset-releases/<str:release_id>/files/<path:path>",
        releases.FileView.as_view(),
    ),
]
