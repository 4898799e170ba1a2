"""What somebody takes back is marked in every release that it is in, at once (standards 2.9)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from annotations.models import DatasetRelease, Retraction
from annotations.rules.states import ReleaseState, RetractionCode
from annotations.services import release_states  # noqa: F401 - declares how a release moves
from annotations.services.recipients import tell_recipients
from codesign.shared.actors import SYSTEM
from codesign.shared.transition import transition
from codesign.studies.models import Member


@transaction.atomic
def retract(*, member: Member, purpose: str | None = None) -> int:
    """Say for each frozen release what must be dropped from it; none of them is for anything new.

    In the caller's transaction, which is the withdrawal. With `purpose`, only releases for it.
    A release that somebody else's withdrawal superseded before holds this person's work too.
    Whoever took files of one that is superseded now is written to, once.
    Returns how many releases are superseded from now on.
    """
    holding = DatasetRelease.objects.frozen().filter(members__member=member)
    releases = holding.select_for_update(of=("self",))
    if purpose:
        releases = releases.filter(purpose=purpose)
    found = list(releases.order_by("number"))
    code = RetractionCode.USE_WITHDRAWN if purpose else RetractionCode.CONSENT_WITHDRAWN
    Retraction.objects.bulk_create(
        (Retraction(release=release, member=member, code=code) for release in found),
        ignore_conflicts=True,  # the use was taken back before, and now all of it
    )
    fresh = [release for release in found if release.state == ReleaseState.FROZEN]
    for release in fresh:
        transition(
            release,
            to=ReleaseState.SUPERSEDED,
            actor=SYSTEM,
            changes={"superseded_at": timezone.now()},
            reason="consent was taken back",
        )
        tell_recipients(release=release)
    return len(fresh)
