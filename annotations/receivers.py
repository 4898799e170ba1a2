"""Reactions to signals of lower apps: withdrawals, changed choices and removed members."""

from typing import Any

from django.dispatch import receiver

from annotations.services import assignments, care_choices, retractions
from codesign.consent.rules import WithdrawalLevel
from codesign.consent.signals import choice_changed, consent_withdrawn
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.signals import member_removed


@receiver(consent_withdrawn)
def end_leases_after_withdrawal(*, actor: Actor, member: Member, **_: Any) -> None:
    """End the leases of a member who withdraws, so that nothing more is asked of them."""
    assignments.return_leases_of(actor=actor, member=member, why="consent withdrawn")


@receiver(member_removed)
def end_leases_after_removal(*, actor: Actor, member: Member, **_: Any) -> None:
    """End the leases of a removed member. Their judgements stay, as they agreed."""
    assignments.return_leases_of(actor=actor, member=member, why="taken out of the study")


@receiver(consent_withdrawn)
def supersede_releases(*, member: Member, **_: Any) -> None:
    """Supersede the releases that contain this person's work."""
    retractions.retract(member=member)


@receiver(choice_changed)
def supersede_releases_for(*, member: Member, purpose: str, granted: bool, **_: Any) -> None:
    """Supersede the releases for one purpose that contain this person's work."""
    if not granted:
        retractions.retract(member=member, purpose=purpose)


@receiver(consent_withdrawn)
def forget_choices(*, member: Member, level: str, **_: Any) -> None:
    """Forget which topics this person does not want to see, if they want to be erased.

    After other withdrawals the choices stay, to protect them if they come back.
    """
    if level == WithdrawalLevel.ERASE:
        care_choices.forget(member=member)
