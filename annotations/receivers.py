"""What the judging does when something happens below it."""

from typing import Any

from django.dispatch import receiver

from annotations.services import assignments, retractions
from codesign.consent.signals import choice_changed, consent_withdrawn
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.signals import member_removed


@receiver(consent_withdrawn)
def take_back_what_is_leased(*, actor: Actor, member: Member, **_: Any) -> None:
    """From the moment of a withdrawal nothing more is asked."""
    assignments.return_leases_of(actor=actor, member=member, why="consent withdrawn")


@receiver(member_removed)
def take_back_what_a_former_member_holds(*, actor: Actor, member: Member, **_: Any) -> None:
    """Whoever is no longer here judges nothing more; what they sent stays, as they agreed."""
    assignments.return_leases_of(actor=actor, member=member, why="taken out of the study")


@receiver(consent_withdrawn)
def supersede_releases(*, member: Member, **_: Any) -> None:
    """Releases with this person's work are not to be used for anything new."""
    retractions.retract(member=member)


@receiver(choice_changed)
def supersede_releases_for(*, member: Member, purpose: str, granted: bool, **_: Any) -> None:
    """The same for one purpose."""
    if not granted:
        retractions.retract(member=member, purpose=purpose)
