"""Retract withdrawn work from every release that contains it (standards 2.9)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from annotations.models import DatasetRelease, Retraction
from annotations.rules.states import ReleaseState, RetractionCode
from annotations.services import release_states  # noqa: F401 - declares how a release moves
from annotations.services.recipients import tell_recipients
from annotations.signals import releases_superseded
from codesign.shared.actors import SYSTEM
from codesign.shared.transition import transition
from codesign.studies.models import Member


@transaction.atomic
def retract(*, member: Member, purpose: str | None = None) -> int:
    """Add a retraction to each frozen release with the member's work, and supersede the release.

    Runs in the transaction of the withdrawal. With `purpose`, only for releases with that purpose.
    Releases that are already superseded get a retraction too. Recipients of newly superseded
    releases get one e-mail. Returns the number of newly superseded releases.
    """
    holding = DatasetRelease.objects.frozen().filter(members__member=member)
    releases = holding.select_for_update(of=("self",))
    if purpose:
        releases = releases.filter(purpose=purpose)
    affected = list(releases.order_by("number"))
    code = RetractionCode.USE_WITHDRAWN if purpose else RetractionCode.CONSENT_WITHDRAWN
    Retraction.objects.bulk_create(
        (Retraction(release=release, member=member, code=code) for release in affected),
        ignore_conflicts=True,  # the use was withdrawn before, and now everything
    )
    fresh = [release for release in affected if release.state == ReleaseState.FROZEN]
    for release in fresh:
        transition(
            release,
            to=ReleaseState.SUPERSEDED,
            actor=SYSTEM,
            changes={"superseded_at": timezone.now()},
            reason="consent was taken back",
        )
        tell_recipients(release=release)
    if fresh:
        releases_superseded.send(sender=DatasetRelease, releases=fresh)
    return len(fresh)
