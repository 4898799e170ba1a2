"""Recipients of releases, read from the audit trail, which is the only record of downloads."""

from __future__ import annotations

from django.db.models import QuerySet

from annotations.models import DatasetRelease
from annotations.queries.releases import releases_of
from annotations.rules.releases import ACKNOWLEDGED, DOWNLOADED
from annotations.rules.states import ReleaseState
from codesign.accounts.models import User
from codesign.audit import queries as trail
from codesign.shared.actors import Actor
from codesign.studies.models import Study


def recipients_of(*, release: DatasetRelease) -> QuerySet[User]:
    """Return the people with an account who downloaded files of a release."""
    taken = trail.deeds_about(about_ids=[release.id], actions=[DOWNLOADED])
    return User.objects.filter(id__in=taken.values("actor_id"), is_active=True)


def has_taken(*, actor: Actor, release: DatasetRelease) -> bool:
    """Return whether the actor downloaded files of a release."""
    return _did(actor, DOWNLOADED, release)


def has_acknowledged(*, actor: Actor, release: DatasetRelease) -> bool:
    """Return whether the actor confirmed that their copy is deleted."""
    return _did(actor, ACKNOWLEDGED, release)


def _did(actor: Actor, action: str, release: DatasetRelease) -> bool:
    deeds = trail.deeds_about(about_ids=[release.id], actions=[action])
    return deeds.filter(actor_id=actor.user_id).exists()


def taken_and_superseded(*, actor: Actor, study: Study) -> list[DatasetRelease]:
    """Return superseded releases that the actor downloaded and has not confirmed as deleted."""
    releases = list(releases_of(study=study).filter(state=ReleaseState.SUPERSEDED))
    deeds = trail.deeds_about(
        about_ids=[release.id for release in releases], actions=[DOWNLOADED, ACKNOWLEDGED]
    ).filter(actor_id=actor.user_id)
    done = set(deeds.values_list("about_id", "action"))
    return [
        release
        for release in releases
        if (release.id, DOWNLOADED) in done and (release.id, ACKNOWLEDGED) not in done
    ]
