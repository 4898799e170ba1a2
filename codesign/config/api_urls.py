"""URLs of the API, below `/api/v1/`."""

from django.urls import path

from annotations.api import assignments, own_judgements, releases, retractions, rounds, topics
from codesign.accounts import schema  # noqa: F401 - registers token authentication for OpenAPI
from codesign.studies import api as studies
from modelhub.api import exports, generation, imports, models, prompts, results, training

urlpatterns = [
    path("studies/", studies.StudiesView.as_view()),
    path("studies/<slug:slug>/assignments/", assignments.LeaseView.as_view()),
    path("studies/<slug:slug>/topics/", topics.TopicsView.as_view()),
    path("assignments/<str:assignment_id>/", assignments.AssignmentView.as_view()),
    path("assignments/<str:assignment_id>/open/", assignments.OpenView.as_view()),
    path("assignments/<str:assignment_id>/draft/", assignments.DraftView.as_view()),
    path("assignments/<str:assignment_id>/skip/", assignments.SkipView.as_view()),
    path("assignments/<str:assignment_id>/undo-skip/", assignments.UndoSkipView.as_view()),
    path("assignments/<str:assignment_id>/later/", assignments.LaterView.as_view()),
    path("assignments/<str:assignment_id>/stop/", assignments.StopView.as_view()),
    path("assignments/<str:assignment_id>/submission/", assignments.SubmissionView.as_view()),
    path("studies/<slug:slug>/own-judgements/", own_judgements.OwnJudgementsView.as_view()),
    path("assignments/<str:assignment_id>/judgement/", own_judgements.OwnJudgementView.as_view()),
    path(
        "assignments/<str:assignment_id>/judgement/revisions/<str:revision>/",
        own_judgements.CorrectionView.as_view(),
    ),
    path("studies/<slug:slug>/dataset-releases/", releases.ReleasesView.as_view()),
    path(
        "studies/<slug:slug>/dataset-releases/<str:release_id>/",
        releases.OneReleaseView.as_view(),
    ),
    path(
        "studies/<slug:slug>/dataset-releases/<str:release_id>/files/<path:path>",
        releases.FileView.as_view(),
    ),
    path(
        "studies/<slug:slug>/retractions/",
        retractions.RetractionsView.as_view(),
        name="api-retractions",
    ),
    path("studies/<slug:slug>/retractions/key/", retractions.SigningKeyView.as_view()),
    path("studies/<slug:slug>/prompts/", prompts.PromptsView.as_view()),
    path(
        "studies/<slug:slug>/imports/<str:import_id>/",
        imports.OneImportView.as_view(),
        name="api-import",
    ),
    path(
        "studies/<slug:slug>/imports/<str:import_id>/cancel/",
        imports.CancelImportView.as_view(),
    ),
    path("studies/<slug:slug>/generation-runs/", generation.RunsView.as_view()),
    path("studies/<slug:slug>/generation-runs/<str:run_id>/", generation.OneRunView.as_view()),
    path(
        "studies/<slug:slug>/generation-runs/<str:run_id>/cancel/",
        generation.CancelRunView.as_view(),
    ),
    path(
        "studies/<slug:slug>/generation-runs/<str:run_id>/resume/",
        generation.ResumeRunView.as_view(),
    ),
    path(
        "studies/<slug:slug>/generation-runs/<str:run_id>/compare-without/",
        generation.CompareWithoutView.as_view(),
    ),
    path("studies/<slug:slug>/models/", models.RegisterView.as_view()),
    path("studies/<slug:slug>/rounds/", rounds.RoundsView.as_view()),
    path("studies/<slug:slug>/rounds/<str:round_id>/", rounds.OneRoundView.as_view()),
    path("studies/<slug:slug>/responses/", results.ResponsesView.as_view()),
    path("studies/<slug:slug>/judgements/", results.JudgementsView.as_view()),
    path("studies/<slug:slug>/evaluations/", results.EvaluationsView.as_view()),
    path(
        "studies/<slug:slug>/evaluations/<str:evaluation_id>/",
        results.OneEvaluationView.as_view(),
    ),
    path("models/", models.ModelsView.as_view()),
    path("models/<str:model_id>/", models.OneModelView.as_view()),
    path("models/<str:model_id>/package/", exports.ModelPackageView.as_view()),
    path("training-runs/", training.TrainingRunsView.as_view()),
    path("training-runs/<str:run_id>/", training.OneTrainingRunView.as_view()),
    path("training-runs/<str:run_id>/cancel/", training.CancelTrainingView.as_view()),
]
