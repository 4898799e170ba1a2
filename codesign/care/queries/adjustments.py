"""How a member works, for their own pages."""

from __future__ import annotations

import uuid

from codesign.care.models import Adjustments, CheckIn, SupportedTime
from codesign.shared.actors import Actor
from codesign.studies.models import Member


def adjustments_of(member: Member) -> Adjustments:
    """Return what a member chose, or the defaults, unsaved."""
    return Adjustments.objects.filter(member=member).first() or Adjustments(member=member)


def is_supported(member: Member) -> bool:
    """Return whether a supporter is present while the member works now."""
    return SupportedTime.objects.filter(member=member, ended_at=None).exists()


def check_in_of(member: Member) -> CheckIn | None:
    """Return the check-in that a member asked for and that was not sent yet."""
    return CheckIn.objects.filter(member=member, sent_at=None).first()


def own_check_in(*, actor: Actor, check_in_id: uuid.UUID) -> CheckIn | None:
    """Return the actor's own check-in with its study, or None if there is none (any more)."""
    if actor.user_id is None:
        return None
    own = CheckIn.objects.filter(id=check_in_id, member__user_id=actor.user_id)
    return own.select_related("member__study").first()
