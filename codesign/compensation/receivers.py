"""Receivers of consent signals: what was promised, and the bank details of people who leave."""

from typing import Any

from django.dispatch import receiver

from codesign.compensation.services import appeals, pay_rates, payout_methods, rejections
from codesign.consent.rules import WithdrawalLevel
from codesign.consent.signals import consent_signed, consent_withdrawn
from codesign.shared.actors import Actor
from codesign.studies.models import Member


@receiver(consent_signed)
def keep_promise_on_record(*, member: Member, **_kwargs: Any) -> None:
    """Record what the consent page promised about pay."""
    pay_rates.promise(member=member)


@receiver(consent_withdrawn)
def keep_what_was_earned(*, actor: Actor, member: Member, level: str, **_kwargs: Any) -> None:
    """End the open proposals to reject a person's work; forget their appeals on erasure."""
    rejections.lapse_of(actor=actor, member=member)
    if level == WithdrawalLevel.ERASE:
        appeals.forget(member=member)


@receiver(consent_withdrawn)
def forget_payout_details(*, member: Member, **_kwargs: Any) -> None:
    """Shred how a leaving person is paid, once everything that they earned is paid."""
    payout_methods.forget(member=member)
