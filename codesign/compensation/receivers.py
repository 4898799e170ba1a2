"""Receivers of consent signals: what was promised, and the bank details of people who leave."""

from typing import Any

from django.dispatch import receiver

from codesign.compensation.services import pay_rates, payout_methods
from codesign.consent.signals import consent_signed, consent_withdrawn
from codesign.studies.models import Member


@receiver(consent_signed)
def keep_promise_on_record(*, member: Member, **_kwargs: Any) -> None:
    """Record what the consent page promised about pay."""
    pay_rates.promise(member=member)


@receiver(consent_withdrawn)
def forget_payout_details(*, member: Member, **_kwargs: Any) -> None:
    """Shred how a leaving person is paid, once everything that they earned is paid."""
    payout_methods.forget(member=member)
