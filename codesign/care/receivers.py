"""Reactions to signals of lower apps: withdrawals."""

from typing import Any

from django.dispatch import receiver

from codesign.care.services import adjustments
from codesign.consent.rules import WithdrawalLevel
from codesign.consent.signals import consent_withdrawn
from codesign.studies.models import Member


@receiver(consent_withdrawn)
def forget_wellbeing(*, member: Member, level: str, **_: Any) -> None:
    """Delete moods, adjustments and check-ins of a person who wants to be erased."""
    if level == WithdrawalLevel.ERASE:
        adjustments.forget(member=member)
