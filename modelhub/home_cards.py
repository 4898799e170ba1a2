"""Home cards, next steps and navigation links of models, runs and imports."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.registry import Use
from codesign.shared.actors import Actor
from codesign.studies import registry
from codesign.studies.models import Member
from modelhub.permissions import EXPORT, LET_JUDGE, SEE_GENERATION, SEE_MODELS, TRAIN, UPLOAD
from modelhub.queries import exports, training, versions, waiting_prompts
from modelhub.queries import generation as queries
from modelhub.rules.states import Method

MODELS_SHOWN = 5


def newest_run(member: Member) -> registry.Panel | None:
    """Return a card with the newest run if it is unfinished or failed."""
    run = queries.run_for_home(study_id=member.study_id)
    if run is None:
        return None
    return registry.Panel("modelhub/_home_run.html", queries.shown_on_home(run=run))


def imported_prompts(member: Member) -> registry.Step | None:
    """Return a step to read imported prompts that wait for a coordinator, with their cost."""
    found = waiting_prompts.waiting_now(study_id=member.study_id)
    if found is None:
        return None
    return registry.Step(
        says="",
        href=reverse("modelhub:waiting-prompts", kwargs={"slug": member.study.slug}),
        label=_("Read the prompts first"),
        template="modelhub/_home_waiting.html",
        context={"waiting": found},
    )


def newest_models(member: Member) -> registry.Panel:
    """Return a card with the newest models and their parents."""
    models = list(versions.versions_of(study_id=member.study_id)[:MODELS_SHOWN])
    return registry.Panel("modelhub/_models_card.html", {"models": models, "study": member.study})


def what_is_next(member: Member) -> registry.Step | None:
    """Return the next step: watch a training run, compare its model, or train on a release."""
    slug = member.study.slug
    if run := training.unfinished_run(study_id=member.study_id):
        return registry.Step(
            says=_("A model is being trained on release %(n)d") % {"n": run.release.number},
            href=reverse("modelhub:training-run", kwargs={"slug": slug, "run_id": run.id}),
            label=_("Watch it"),
        )
    if version := training.not_compared(study_id=member.study_id):
        return registry.Step(
            says=_("%(name)s is trained, but not yet compared with its parent")
            % {"name": version.name},
            href=reverse("modelhub:model", kwargs={"slug": slug, "model_id": version.id}),
            label=_("Open the model"),
        )
    if release := training.not_trained_on(study_id=member.study_id):
        return registry.Step(
            says=_("Release %(n)d is ready to train on") % {"n": release.number},
            href=reverse("modelhub:training-start", kwargs={"slug": slug}),
            label=_("Train a model"),
        )
    return None


def models_to_delete(member: Member) -> registry.Panel | None:
    """Return the card with the exported models whose copies this person has to delete."""
    found = exports.to_delete(actor=Actor.of(member.user), study=member.study)
    if not found:
        return None
    return registry.Panel(
        "modelhub/_models_to_delete.html", {"models": found, "study": member.study}
    )


def made_from(releases: Collection[UUID]) -> list[Use]:
    """Return the training runs on these releases, their models and all descendants of those."""
    uses = []
    for run in training.runs_on(releases=releases):
        slug = run.study.slug
        uses.append(
            Use(
                run.release_id,
                _("A training run: %(method)s") % {"method": Method(run.method).label},
                reverse("modelhub:training-run", kwargs={"slug": slug, "run_id": run.id}),
            )
        )
        model = getattr(run, "model_version", None)
        versions = [model, *training.children_of(versions=[model.id])] if model else []
        uses += [
            Use(
                run.release_id,
                _("The model %(name)s") % {"name": version.name},
                reverse("modelhub:model", kwargs={"slug": slug, "model_id": version.id}),
            )
            for version in versions
        ]
    return uses


registry.STEPS.register("training", registry.StepSource(TRAIN.roles, order=10, find=what_is_next))
registry.CARDS.register("models", registry.CardSource(TRAIN.roles, order=30, find=newest_models))
registry.CARDS.register(
    "models_to_delete", registry.CardSource(EXPORT.roles, order=2, find=models_to_delete)
)
registry.NAV.register(
    "training", registry.NavLink(gettext_lazy("Training"), "modelhub:training-runs", TRAIN, 70)
)
registry.CARDS.register(
    "generation",
    registry.CardSource(SEE_GENERATION.roles, order=20, find=newest_run, place=registry.Place.SIDE),
)
registry.STEPS.register(
    "imported_prompts", registry.StepSource(LET_JUDGE.roles, order=10, find=imported_prompts)
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
