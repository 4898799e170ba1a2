"""Reading training runs."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable

from django.db.models import Count, Max, Q, QuerySet

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
from modelhub.queries.versions import named, taken_back
from modelhub.rules.states import ModelKind, TrainingState
from modelhub.rules.training import TRAINABLE

KIND = "training_run"
"""The kind of the jobs that train."""


def runs_of(*, actor: Actor, study: Study) -> QuerySet[TrainingRun]:
    """Training runs of a study, newest first, with what their rows show."""
    require(actor, SEE_MODELS, study)
    return (
        TrainingRun.objects.filter(study=study)
        .select_related("release", "base", "model_version", "requested_by")
        .order_by("-created_at")
    )


def add_progress(runs: Iterable[TrainingRun]) -> None:
    """Give each run the progress of its job; one query."""
    runs = list(runs)
    jobs = jobs_of(kind=KIND, subject_ids=[run.id for run in runs])
    for run in runs:
        run.progress = progress_of(jobs[run.id])


def run_of(*, actor: Actor, study: Study, run_id: uuid.UUID) -> TrainingRun:
    """One training run of a study."""
    run = runs_of(actor=actor, study=study).filter(id=run_id).first()
    if run is None:
        raise NotFound
    run.study = study
    add_progress([run])
    return run


def trainable_releases(*, actor: Actor, study: Study) -> QuerySet[DatasetRelease]:
    """Frozen releases for training, newest first."""
    require(actor, SEE_MODELS, study)
    valid = DatasetRelease.objects.valid_for(ReleasePurpose.TRAINING)
    return valid.filter(study=study).order_by("-number")


def trainable_bases(*, actor: Actor, study: Study) -> QuerySet[ModelVersion]:
    """Models whose weights are here, and of which nothing that they learnt was taken back."""
    require(actor, SEE_MODELS, study)
    return bases_of(study=study).exclude(id__in=taken_back(study_id=study.id))


def bases_of(*, study: Study) -> QuerySet[ModelVersion]:
    """Models whose weights are here, oldest first."""
    here = ModelVersion.objects.of_study(study.id)
    return here.filter(kind__in=TRAINABLE).order_by("created_at")


def system_message_of(*, release: DatasetRelease) -> str:
    """What the models were told that wrote the responses of a release: a model learns with it.

    Responses of several runs may have been written with different ones: that of the most responses
    counts, at a tie the newer. Where no run wrote any of them, as when all were imported, it is
    what the newest run of the study told its model.
    """
    written = GenerationItem.objects.filter(
        prompt__held_out=False,
        response__tasks__assignments__judgement__member__releases__release=release,
        response__tasks__assignments__judgement__submitted_at__lte=release.frozen_at,
    )
    counted = written.values("run__system_message").annotate(
        responses=Count("response", distinct=True), newest=Max("run__created_at")
    )
    most = counted.order_by("-responses", "-newest").first()
    if most is None:
        return last_system_message(study_id=release.study_id)
    return str(most["run__system_message"])


def system_message_for(*, study: Study, version: ModelVersion) -> str:
    """What a model is asked with in a study: what it was trained with, if it was."""
    if version.training_run is None:
        return last_system_message(study_id=study.id)
    return version.training_run.system_message


def releases_behind(version: ModelVersion) -> list[str]:
    """The states of the releases that a model, its parent, … learnt from, as they are now."""
    states = []
    above: uuid.UUID | None = version.id
    while above is not None:
        found = ModelVersion.objects.filter(id=above)
        above, state = found.values_list("parent_id", "training_run__release__state").get()
        if state:
            states.append(state)
    return states


def runs_on(*, releases: Collection[uuid.UUID]) -> list[TrainingRun]:
    """The runs that these releases were trained on in, but for those that made nothing."""
    made_nothing = [TrainingState.FAILED, TrainingState.CANCELLED]
    runs = TrainingRun.objects.filter(release_id__in=releases).exclude(state__in=made_nothing)
    return list(runs.select_related("study", "model_version").order_by("created_at"))


def children_of(*, versions: Collection[uuid.UUID]) -> list[ModelVersion]:
    """The models that go on from these, and those that go on from them, nearest first."""
    found: list[ModelVersion] = []
    parents = set(versions)
    while parents:
        next_ones = ModelVersion.objects.filter(parent__in=parents)
        children = list(next_ones.order_by("created_at"))
        found += children
        parents = {child.id for child in children}
    return found


def model_of(*, actor: Actor, study: Study, model_id: uuid.UUID) -> ModelVersion:
    """One model version that a study may see, with its lineage's rows at hand."""
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
    """A release by `STUDY/NUMBER` or by its id, for commands."""
    slug, _, number = name.rpartition("/")
    found = DatasetRelease.objects.select_related("study")
    try:
        if slug and number.isdecimal():
            release = found.filter(study__slug=slug, number=int(number)).first()
        else:
            release = found.filter(id=uuid.UUID(name)).first()
    except ValueError:  # also of more digits than Python reads
        release = None
    if release is None:
        raise NotFound(f"There is no dataset release {name}: name it STUDY/NUMBER or by its id.")
    return release


def base_named(name: str, *, study: Study) -> ModelVersion:
    """A model of that name that a study may use, for commands."""
    found = ModelVersion.objects.of_study(study.id).filter(name=name).first()
    if found is None:
        raise NotFound(f"There is no model called {name} here.")
    return found


def run_for_command(*, run_id: uuid.UUID) -> TrainingRun:
    """A run as it is now, with what it made."""
    run = TrainingRun.objects.select_related("model_version").get(id=run_id)
    add_progress([run])
    return run


def run_for_worker(*, run_id: uuid.UUID) -> TrainingRun:
    """A run with what it is trained on and from."""
    return TrainingRun.objects.select_related("release", "base", "study").get(id=run_id)


def run_going_on(*, study_id: uuid.UUID) -> TrainingRun | None:
    """The newest training run that has not ended."""
    going_on = [TrainingState.QUEUED, TrainingState.PREPARING, TrainingState.TRAINING]
    runs = TrainingRun.objects.filter(study_id=study_id, state__in=going_on)
    return runs.select_related("release").order_by("-created_at").first()


def not_compared(*, study_id: uuid.UUID) -> ModelVersion | None:
    """The newest model trained here that no evaluation compares with its parent."""
    trained = ModelVersion.objects.filter(study_id=study_id, kind=ModelKind.ADAPTER)
    offered = trained.exclude(id__in=taken_back(study_id=study_id))
    return offered.filter(evaluations=None).order_by("-created_at").first()


def not_trained_on(*, study_id: uuid.UUID) -> DatasetRelease | None:
    """The newest frozen release for training, where nobody trains or has trained on it yet."""
    valid = DatasetRelease.objects.valid_for(ReleasePurpose.TRAINING)
    release = valid.filter(study_id=study_id).order_by("-number").first()
    came_to_nothing = [TrainingState.FAILED, TrainingState.CANCELLED]
    runs = TrainingRun.objects.filter(release=release).exclude(state__in=came_to_nothing)
    return None if runs.exists() else release


def runs_matching(*, actor: Actor, asked: Asked) -> QuerySet[TrainingRun]:
    """Those of one study, state, method or base, or since a moment, as far as these are given."""
    wanted = matching(
        asked, study="study__slug", state="state", method="method", since="created_at__gte"
    )
    if "model" in asked:
        wanted &= Q(base__in=named(actor=actor, wanted=asked["model"]))
    return runs_seen(actor=actor).filter(wanted)


def runs_seen(*, actor: Actor) -> QuerySet[TrainingRun]:
    """The runs of every study in which the actor may see them, newest first."""
    runs = TrainingRun.objects.filter(study_id__in=studies_where(actor, SEE_MODELS))
    return runs.select_related("study", "release", "base", "model_version").order_by(
        "-created_at", "-id"
    )


def run_seen(*, actor: Actor, run_id: uuid.UUID) -> TrainingRun:
    """One of them."""
    run = runs_seen(actor=actor).filter(id=run_id).first()
    if run is None:
        raise NotFound("There is no such training run for you.")
    add_progress([run])
    return run


def releases_to_train_on(*, actor: Actor) -> QuerySet[DatasetRelease]:
    """The releases of every study in which the actor may train, whatever their state."""
    found = DatasetRelease.objects.filter(study_id__in=studies_where(actor, TRAIN))
    return found.select_related("study")


def chosen_release(*, releases: QuerySet[DatasetRelease], release_id: uuid.UUID) -> DatasetRelease:
    """One of these; whether it may be trained on is the service's to say."""
    release = releases.filter(id=release_id).first()
    if release is None:
        sentence = "There is no such release for you."
        raise Invalid(sentence, {"release": [sentence]})
    return release


def chosen_base(*, actor: Actor, study: Study, wanted: str) -> ModelVersion:
    """The model of that name or id whose weights are here; the service says if it may be one."""
    require(actor, SEE_MODELS, study)
    for version in bases_of(study=study):
        if wanted in (version.name, str(version.id)):
            return version
    sentence = "There is no model of that name or id whose weights are here."
    raise Invalid(sentence, {"base": [sentence]})
