"""People who exported a model, read from the audit trail, which is the only record of exports."""

from __future__ import annotations

from django.db.models import QuerySet

from codesign.accounts.models import User
from codesign.audit import queries as trail
from codesign.shared.actors import Actor
from codesign.studies.models import Study
from modelhub.models import ModelVersion
from modelhub.queries.versions import with_withdrawn_data
from modelhub.rules.exports import DELETED, EXPORTED


def holders_of(*, version: ModelVersion) -> QuerySet[User]:
    """Return the people with an account who exported a model and have not deleted their copies."""
    deeds = trail.deeds_about(about_ids=[version.id], actions=[EXPORTED])
    gone = trail.deeds_about(about_ids=[version.id], actions=[DELETED])
    users = User.objects.filter(id__in=deeds.values("actor_id"), is_active=True)
    return users.exclude(id__in=gone.filter(actor_id__isnull=False).values("actor_id"))


def has_exported(*, actor: Actor, version: ModelVersion) -> bool:
    """Return whether the actor exported a model."""
    return _did(actor, EXPORTED, version)


def has_deleted(*, actor: Actor, version: ModelVersion) -> bool:
    """Return whether the actor confirmed that their copies of a model are deleted."""
    return _did(actor, DELETED, version)


def _did(actor: Actor, action: str, version: ModelVersion) -> bool:
    deeds = trail.deeds_about(about_ids=[version.id], actions=[action])
    return deeds.filter(actor_id=actor.user_id).exists()


def to_delete(*, actor: Actor, study: Study) -> list[ModelVersion]:
    """Return the models with withdrawn data that the actor exported and has not deleted."""
    learnt = with_withdrawn_data(study_id=study.id)
    deeds = trail.deeds_about(about_ids=learnt, actions=[EXPORTED, DELETED])
    done = set(deeds.filter(actor_id=actor.user_id).values_list("about_id", "action"))
    held = [id for id in learnt if (id, EXPORTED) in done and (id, DELETED) not in done]
    return list(ModelVersion.objects.filter(id__in=held).order_by("created_at"))
