"""What the judging does when something happens below it."""

from typing import Any

from django.dispatch import receiver

from annotations.services import assignments
from codesign.consent.signals import consent_withdrawn
from codesign.shared.actors import Actor
from codesign.studies.models import Member


@receiver(consent_withdrawn)
def take_back_what_is_leased(*, actor: Actor, member: Member, **_: Any) -> None:
    """From the moment of a withdrawal nothing more is asked."""
    assignments.return_leases_of(actor=actor, member=member)
