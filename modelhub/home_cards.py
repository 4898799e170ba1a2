"""What models add to homes and header: how far a run is, and the way to runs and models."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.registry import Use
from codesign.studies import registry
from codesign.studies.models import Member
from modelhub.permissions import SEE_GENERATION, SEE_MODELS, TRAIN, UPLOAD
from modelhub.queries import generation as queries
from modelhub.queries import training, versions
from modelhub.rules.states import Method

MODELS_SHOWN = 5


def newest_run(member: Member) -> registry.Panel | None:
    """The run that goes on, or the last one where it did not end well."""
    run = queries.run_for_home(study_id=member.study_id)
    if run is None:
        return None
    return registry.Panel("modelhub/_home_run.html", queries.shown_on_home(run=run))


def newest_models(member: Member) -> registry.Panel:
    """The newest models, each with what it was trained on."""
    found = list(versions.versions_of(study_id=member.study_id)[:MODELS_SHOWN])
    return registry.Panel("modelhub/_models_card.html", {"models": found, "study": member.study})


def what_is_next(member: Member) -> registry.Step | None:
    """The next turn of the loop: watch a training, compare its model, train on a new release."""
    slug = member.study.slug
    if run := training.run_going_on(study_id=member.study_id):
        return registry.Step(
            says=_("A model is being trained on release %(n)d") % {"n": run.release.number},
            href=reverse("modelhub:training-run", kwargs={"slug": slug, "run_id": run.id}),
            label=_("Watch it"),
        )
    if version := training.not_compared(study_id=member.study_id):
        return registry.Step(
            says=_("%(name)s is trained; nobody has compared it with its parent yet")
            % {"name": version.name},
            href=reverse("modelhub:model", kwargs={"slug": slug, "model_id": version.id}),
            label=_("Look at the model"),
        )
    if release := training.not_trained_on(study_id=member.study_id):
        return registry.Step(
            says=_("Release %(n)d is ready to train on") % {"n": release.number},
            href=reverse("modelhub:training-start", kwargs={"slug": slug}),
            label=_("Train a model"),
        )
    return None


def made_from(releases: Collection[UUID]) -> list[Use]:
    """The training runs on these releases, their models, and the models that go on from those."""
    found = []
    for run in training.runs_on(releases=releases):
        slug = run.study.slug
        found.append(
            Use(
                run.release_id,
                _("A training run: %(method)s") % {"method": Method(run.method).label},
                reverse("modelhub:training-run", kwargs={"slug": slug, "run_id": run.id}),
            )
        )
        made = getattr(run, "model_version", None)
        versions = [made, *training.children_of(versions=[made.id])] if made else []
        found += [
            Use(
                run.release_id,
                _("The model %(name)s") % {"name": version.name},
                reverse("modelhub:model", kwargs={"slug": slug, "model_id": version.id}),
            )
            for version in versions
        ]
    return found


registry.STEPS.register("training", registry.StepSource(TRAIN.roles, order=10, find=what_is_next))
registry.CARDS.register("models", registry.CardSource(TRAIN.roles, order=30, find=newest_models))
registry.NAV.register(
    "training", registry.NavLink(gettext_lazy("Training"), "modelhub:training-runs", TRAIN, 70)
)
registry.CARDS.register(
    "generation",
    registry.CardSource(SEE_GENERATION.roles, order=20, find=newest_run, place=registry.Place.SIDE),
)
registry.NAV.register(
    "generation", registry.NavLink(gettext_lazy("Generation"), "modelhub:runs", SEE_GENERATION, 50)
)
registry.NAV.register(
    "imports", registry.NavLink(gettext_lazy("Import"), "modelhub:uploads", UPLOAD, 36)
)
registry.NAV.register(
    "models", registry.NavLink(gettext_lazy("Models"), "modelhub:models", SEE_MODELS, 60)
)
