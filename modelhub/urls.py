"""URLs below `/studies/<slug>/`: models, generation, imports, training, comparisons."""

from django.urls import path

from modelhub.views import (
    evaluations,
    exports,
    generation,
    training,
    uploads,
    versions,
    waiting_prompts,
)

app_name = "modelhub"
urlpatterns = [
    path("models/", versions.listed, name="models"),
    path("models/register/", versions.choose, name="model-kinds"),
    path("models/register/<slug:kind>/", versions.register, name="model-register"),
    path("models/<uuid:model_id>/", evaluations.model, name="model"),
    path("models/<uuid:model_id>/progress/", versions.progress, name="model-progress"),
    path("models/<uuid:model_id>/cancel/", versions.cancel, name="model-cancel"),
    path("models/<uuid:model_id>/compare/", evaluations.compare, name="compare"),
    path("models/<uuid:model_id>/download/", exports.download, name="model-download"),
    path("models/<uuid:model_id>/deleted/", exports.deleted, name="model-deleted"),
    path("comparisons/<uuid:evaluation_id>/", evaluations.evaluation, name="evaluation"),
    path("generation/", generation.listed, name="runs"),
    path("generation/new/", generation.start, name="run-start"),
    path("generation/new/count/", generation.count, name="run-count"),
    path("generation/<uuid:run_id>/", generation.one, name="run"),
    path("generation/<uuid:run_id>/progress/", generation.progress, name="run-progress"),
    path("generation/<uuid:run_id>/home/", generation.on_home, name="run-on-home"),
    path("generation/<uuid:run_id>/cancel/", generation.cancel, name="run-cancel"),
    path("generation/<uuid:run_id>/resume/", generation.resume, name="run-resume"),
    path("generation/<uuid:run_id>/without/", generation.without, name="run-without"),
    path("imports/", uploads.upload_file, name="uploads"),
    path("imports/let-judge/", waiting_prompts.let_judge, name="let-judge"),
    path("prompts/waiting/", waiting_prompts.listed, name="waiting-prompts"),
    path("imports/<uuid:upload_id>/", uploads.one, name="upload"),
    path("imports/<uuid:upload_id>/progress/", uploads.progress, name="upload-progress"),
    path("imports/<uuid:upload_id>/confirm/", uploads.confirm, name="upload-confirm"),
    path("imports/<uuid:upload_id>/remap/", uploads.remap, name="upload-remap"),
    path("imports/<uuid:upload_id>/cancel/", uploads.cancel, name="upload-cancel"),
    path("training/", training.runs, name="training-runs"),
    path("training/start/", training.start, name="training-start"),
    path("training/<uuid:run_id>/", training.run, name="training-run"),
    path("training/<uuid:run_id>/progress/", training.progress, name="training-progress"),
    path("training/<uuid:run_id>/cancel/", training.cancel, name="training-cancel"),
]
