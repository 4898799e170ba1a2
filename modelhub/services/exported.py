"""Messages to people who exported a model, after a withdrawal from what it learnt from."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import DatasetRelease
from codesign.accounts.queries import language_of
from codesign.accounts.services import send_mail
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict
from codesign.studies.permissions import require
from modelhub.models import ModelVersion
from modelhub.permissions import EXPORT
from modelhub.queries import exports, training
from modelhub.rules.exports import DELETED
from modelhub.rules.training import lineage_problem

action(DELETED, gettext_lazy("confirmed that their copies of an exported model are deleted"))

PAGE = "modelhub:model"


def tell_holders_of_models_from(*, releases: Sequence[DatasetRelease]) -> int:
    """Send a message to everybody who exported a model that learnt from these releases.

    Runs in the transaction of the withdrawal. Models that were trained from those models count as
    well. Returns the number of messages.
    """
    runs = training.runs_on(releases=[release.id for release in releases])
    made = [run.model_version for run in runs if hasattr(run, "model_version")]
    learnt = [*made, *training.children_of(versions=[version.id for version in made])]
    return sum(tell_holders(version=version) for version in dict.fromkeys(learnt))


def tell_holders(*, version: ModelVersion) -> int:
    """Send a message to those who exported a model. It does not say whose work it was.

    Returns the number of messages.
    """
    users = exports.holders_of(version=version)
    study = version.study
    if study is None:  # a model of all studies learnt from none of them
        return 0
    where = {"slug": study.slug, "model_id": version.id}
    for user in users:
        with translation.override(language_of(user)):
            send_mail(
                to=user.email,
                subject=_("A model that you exported must not be used any more"),
                body=_(
                    "Somebody whose work the model %(name)s learnt from has withdrawn their "
                    "consent. Please do not use the model for anything new, and delete your "
                    "copies, also those that you uploaded or merged."
                    "\n\nThis page shows what the model was trained on. Please confirm there that "
                    "your copies are deleted:\n\n%(url)s"
                )
                % {"name": version.name, "url": settings.SITE_URL + reverse(PAGE, kwargs=where)},
            )
    return len(users)


@transaction.atomic
def confirm_deleted(*, actor: Actor, version: ModelVersion) -> None:
    """Record that somebody has deleted their copies of a model (standards 2.9)."""
    if version.study is None:
        raise Conflict(_("You have not exported this model."))
    require(actor, EXPORT, version.study)
    if not exports.has_exported(actor=actor, version=version):
        raise Conflict(_("You have not exported this model."))
    if not lineage_problem(releases=training.releases_behind(version)):
        raise Conflict(_("Nobody withdrew from this model, so you do not have to delete it."))
    if not exports.has_deleted(actor=actor, version=version):
        audit.record(
            actor=actor,
            action=DELETED,
            study_id=version.study_id,
            about=("model_version", version.id, version.name),
            data={"sha256": version.sha256},
        )
