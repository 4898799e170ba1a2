"""Below `/studies/<slug>/`: models, generation, training, comparisons."""

from django.urls import path

from modelhub.views import evaluations, training

app_name = "modelhub"
urlpatterns = [
    path("models/<uuid:model_id>/", evaluations.model, name="model"),
    path("models/<uuid:model_id>/compare/", evaluations.compare, name="compare"),
    path("comparisons/<uuid:evaluation_id>/", evaluations.evaluation, name="evaluation"),
    path("training/", training.runs, name="training-runs"),
    path("training/start/", training.start, name="training-start"),
    path("training/<uuid:run_id>/", training.run, name="training-run"),
    path("training/<uuid:run_id>/progress/", training.progress, name="training-progress"),
    path("training/<uuid:run_id>/cancel/", training.cancel, name="training-cancel"),
]
