"""Reads training runs."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from annotations.models import DatasetRelease
from annotations.rules.states import ReleasePurpose
from codesign.jobs.queries import jobs_of, progress_of
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotFound
from codesign.shared.lookups import Asked, matching
from codesign.studies.models import Study
from codesign.studies.permissions import require, studies_where
from modelhub.models import GenerationItem, ModelVersion, TrainingRun
from modelhub.permissions import SEE_MODELS, TRAIN
from modelhub.queries.generation import last_system_message
from modelhub.queries.versions import named, with_withdrawn_data
from modelhub.rules.states import ModelKind, TrainingState
from modelhub.rules.training import TRAINABLE

KIND = "training_run"
"""The kind of job that trains."""


def runs_of(*, actor: Actor, study: Study) -> QuerySet[TrainingRun]:
    """Return the training runs of a study, newest first, with related rows for the list."""
    require(actor, SEE_MODELS, study)
    return (
        TrainingRun.objects.filter(study=study)
        .select_related("release", "base", "model_version", "requested_by")
        .order_by("-created_at")
    )


def with_progress(runs: Iterable[TrainingRun]) -> list[TrainingRun]:
    """Return the runs, each with the progress of its job. One query."""
    runs = list(runs)
    jobs = jobs_of(kind=KIND, subject_ids=[run.id for run in runs])
    for run in runs:
        run.progress = progress_of(jobs[run.id])
    return runs


def run_of(*, actor: Actor, study: Study, run_id: uuid.UUID) -> TrainingRun:
    """Return one training run of a study, or raise NotFound."""
    run = runs_of(actor=actor, study=study).filter(id=run_id).first()
    if run is None:
        raise NotFound
    run.study = study
    with_progress([run])
    return run


def trainable_releases(*, actor: Actor, study: Study) -> QuerySet[DatasetRelease]:
    """Return the frozen releases for training, newest first."""
    require(actor, SEE_MODELS, study)
    valid = DatasetRelease.objects.valid_for(ReleasePurpose.TRAINING)
    return valid.filter(study=study).order_by("-number")


def trainable_bases(*, actor: Actor, study: Study) -> QuerySet[ModelVersion]:
    """Return the models that can be trained: with weights, and without withdrawn training data."""
    require(actor, SEE_MODELS, study)
    return bases_of(study=study).exclude(id__in=with_withdrawn_data(study_id=study.id))


def bases_of(*, study: Study) -> QuerySet[ModelVersion]:
    """Return the models with weights on this server that passed their check, oldest first."""
    versions = ModelVersion.objects.of_study(study.id).ready()
    return versions.filter(kind__in=TRAINABLE).order_by("created_at")


def system_message_of(*, release: DatasetRelease) -> str:
    """Return the system message that a model is trained with on a release.

    This is the message with which most responses of the release were written; of two with equal
    counts, the newer. If no run wrote any of the responses, because all were imported, it is the
    message of the study's newest run.
    """
    written = GenerationItem.objects.filter(
        prompt__held_out=False,
        response__tasks__assignments__judgements__member__releases__release=release,
        response__tasks__assignments__judgements__submitted_at__lte=release.frozen_at,
    )
    counted = written.values("run__system_message").annotate(
        responses=Count("response", distinct=True), newest=Max("run__created_at")
    )
    most = counted.order_by("-responses", "-newest").first()
    if most is None:
        return last_system_message(study_id=release.study_id)
    return str(most["run__system_message"])


def system_message_for(*, study: Study, version: ModelVersion) -> str:
    """Return the system message for a model: the one of its training, or the study's last."""
    if version.training_run is None:
        return last_system_message(study_id=study.id)
    return version.training_run.system_message


def releases_behind(version: ModelVersion) -> list[str]:
    """Return the current states of the releases that a model and its ancestors learnt from."""
    states = []
    next_id: uuid.UUID | None = version.id
    while next_id is not None:
        row = ModelVersion.objects.filter(id=next_id)
        next_id, state = row.values_list("parent_id", "training_run__release__state").get()
        if state:
            states.append(state)
    return states


def runs_on(*, releases: Collection[uuid.UUID]) -> list[TrainingRun]:
    """Return the training runs on these releases, except failed and cancelled runs."""
    without_result = [TrainingState.FAILED, TrainingState.CANCELLED]
    runs = TrainingRun.objects.filter(release_id__in=releases).exclude(state__in=without_result)
    return list(runs.select_related("study", "model_version").order_by("created_at"))


def children_of(*, versions: Collection[uuid.UUID]) -> list[ModelVersion]:
    """Return all descendants of these models: children first, then their children, and so on."""
    descendants: list[ModelVersion] = []
    parents = set(versions)
    while parents:
        children = list(ModelVersion.objects.filter(parent__in=parents).order_by("created_at"))
        descendants += children
        parents = {child.id for child in children}
    return descendants


def model_of(*, actor: Actor, study: Study, model_id: uuid.UUID) -> ModelVersion:
    """Return one model of a study with its lineage, or raise NotFound."""
    require(actor, SEE_MODELS, study)
    version = (
        ModelVersion.objects.of_study(study.id)
        .filter(id=model_id)
        .select_related("parent", "made_by", "training_run__release", "training_run__base")
        .first()
    )
    if version is None:
        raise NotFound
    return version


def release_named(name: str) -> DatasetRelease:
    """Return a release by `STUDY/NUMBER` or id, for commands; raises NotFound."""
    slug, _slash, number = name.rpartition("/")
    releases = DatasetRelease.objects.select_related("study")
    try:
        if slug and number.isdecimal():
            release = releases.filter(study__slug=slug, number=int(number)).first()
        else:
            release = releases.filter(id=uuid.UUID(name)).first()
    except ValueError:  # int() also rejects very many digits
        release = None
    if release is None:
        raise NotFound(
            _("There is no dataset release %(name)s. Use STUDY/NUMBER or the release's id.")
            % {"name": name}
        )
    return release


def base_named(name: str, *, study: Study) -> ModelVersion:
    """Return a model of a study by name, for commands; raises NotFound."""
    version = ModelVersion.objects.of_study(study.id).filter(name=name).first()
    if version is None:
        raise NotFound(_("This study has no model called %(name)s.") % {"name": name})
    return version


def run_for_command(*, run_id: uuid.UUID) -> TrainingRun:
    """Return the current state of a run, with its model version."""
    run = TrainingRun.objects.select_related("model_version").get(id=run_id)
    with_progress([run])
    return run


def run_for_worker(*, run_id: uuid.UUID) -> TrainingRun:
    """Return a run with its release, base and study."""
    return TrainingRun.objects.select_related("release", "base", "study").get(id=run_id)


def unfinished_run(*, study_id: uuid.UUID) -> TrainingRun | None:
    """Return the newest training run that has not ended, or None."""
    unfinished = [TrainingState.QUEUED, TrainingState.PREPARING, TrainingState.TRAINING]
    runs = TrainingRun.objects.filter(study_id=study_id, state__in=unfinished)
    return runs.select_related("release").order_by("-created_at").first()


def not_compared(*, study_id: uuid.UUID) -> ModelVersion | None:
    """Return the newest trained model without an evaluation, or None."""
    trained = ModelVersion.objects.ready().filter(study_id=study_id, kind=ModelKind.ADAPTER)
    usable = trained.exclude(id__in=with_withdrawn_data(study_id=study_id))
    return usable.filter(evaluations=None).order_by("-created_at").first()


def not_trained_on(*, study_id: uuid.UUID) -> DatasetRelease | None:
    """Return the newest frozen release for training if no run uses it yet, else None."""
    valid = DatasetRelease.objects.valid_for(ReleasePurpose.TRAINING)
    release = valid.filter(study_id=study_id).order_by("-number").first()
    without_result = [TrainingState.FAILED, TrainingState.CANCELLED]
    runs = TrainingRun.objects.filter(release=release).exclude(state__in=without_result)
    return None if runs.exists() else release


def runs_matching(*, actor: Actor, asked: Asked) -> QuerySet[TrainingRun]:
    """Return the runs that match the given filters: study, state, method, base, since."""
    wanted = matching(
        asked, study="study__slug", state="state", method="method", since="created_at__gte"
    )
    if "model" in asked:
        wanted &= Q(base__in=named(actor=actor, wanted=asked["model"]))
    return runs_seen(actor=actor).filter(wanted)


def runs_seen(*, actor: Actor) -> QuerySet[TrainingRun]:
    """Return the runs of all studies in which the actor may see models, newest first."""
    runs = TrainingRun.objects.filter(study_id__in=studies_where(actor, SEE_MODELS))
    return runs.select_related("study", "release", "base", "model_version").order_by(
        "-created_at", "-id"
    )


def run_seen(*, actor: Actor, run_id: uuid.UUID) -> TrainingRun:
    """Return one of the runs that the actor may see, or raise NotFound."""
    run = runs_seen(actor=actor).filter(id=run_id).first()
    if run is None:
        raise NotFound(_("This training run does not exist, or you do not have access to it."))
    with_progress([run])
    return run


def releases_to_train_on(*, actor: Actor) -> QuerySet[DatasetRelease]:
    """Return the releases, in any state, of all studies in which the actor may train."""
    releases = DatasetRelease.objects.filter(study_id__in=studies_where(actor, TRAIN))
    return releases.select_related("study")


def chosen_release(*, releases: QuerySet[DatasetRelease], release_id: uuid.UUID) -> DatasetRelease:
    """Return one of `releases`, or raise Invalid. The service checks its state and purpose."""
    release = releases.filter(id=release_id).first()
    if release is None:
        sentence = _("This release does not exist, or you do not have access to it.")
        raise Invalid(sentence, {"release": [sentence]})
    return release


def chosen_base(*, actor: Actor, study: Study, wanted: str) -> ModelVersion:
    """Return the model with that name or id, or raise Invalid. The service checks its data."""
    require(actor, SEE_MODELS, study)
    for version in bases_of(study=study):
        if wanted in (version.name, str(version.id)):
            return version
    sentence = _("No model with this name or id can be trained.")
    raise Invalid(sentence, {"base": [sentence]})
