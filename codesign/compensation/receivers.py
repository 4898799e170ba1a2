"""Receivers of consent signals."""

from typing import Any

from django.dispatch import receiver

from codesign.compensation.services import pay_rates
from codesign.consent.signals import consent_signed
from codesign.studies.models import Member


@receiver(consent_signed)
def keep_promise_on_record(*, member: Member, **_kwargs: Any) -> None:
    """Record what the consent page promised about pay."""
    pay_rates.promise(member=member)
