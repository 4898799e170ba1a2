"""Parts of a model's page: the progress of its check, and what the check found."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from codesign.jobs.pages import ProgressCard, card_of
from codesign.jobs.queries import jobs_of
from codesign.studies.permissions import StudyRequest
from modelhub.models import ModelVersion
from modelhub.permissions import REGISTER_MODEL
from modelhub.queries.versions import CHECK
from modelhub.rules.states import ModelState


def check_card(request: StudyRequest, version: ModelVersion) -> ProgressCard | None:
    """Return the progress of a model's check, or None if it has ended or there was none."""
    if version.state not in (ModelState.QUEUED, ModelState.CHECKING):
        return None
    keys = {"slug": request.member.study.slug, "model_id": version.id}
    may_cancel = request.member.has_role(*REGISTER_MODEL.roles) and version.study_id is not None
    return card_of(
        jobs_of(kind=CHECK, subject_ids=[version.id])[version.id],
        title=_("Check"),
        running=_("checking files and weights"),
        poll_url=reverse("modelhub:model-progress", kwargs=keys),
        cancel_url=reverse("modelhub:model-cancel", kwargs=keys) if may_cancel else "",
    )


def found(version: ModelVersion) -> list[tuple[str, str]]:
    """Return what is known about a registered model: titles and values."""
    facts = version.facts
    rows = [
        (_("Place"), version.location),
        (_("Revision"), version.revision),
        (_("Name at the server"), version.served_name),
        (_("Variable with the key"), version.key_variable),
        (_("Licence"), version.licence),
        (_("Architecture"), facts.get("architecture", "")),
        (_("Parameters"), _number(facts.get("parameters"))),
        (_("Longest conversation, in tokens"), _number(facts.get("context"))),
        (_("Weights of the adapter"), _number(facts.get("weights"))),
        (_("Trained on"), facts.get("trained_on", "")),
    ]
    return [(title, value) for title, value in rows if value]


def _number(value: int | None) -> str:
    return f"{value:,}" if value else ""
