"""Reactions to signals of lower apps: withdrawals, and safety leads who can no longer act."""

from typing import Any

from django.dispatch import receiver

from codesign.accounts.models import User
from codesign.accounts.signals import account_switched
from codesign.care.services import adjustments, calls
from codesign.consent.rules import WithdrawalLevel
from codesign.consent.signals import consent_withdrawn
from codesign.studies import queries as studies
from codesign.studies.models import Member
from codesign.studies.rules import Role
from codesign.studies.signals import member_removed


@receiver(consent_withdrawn)
def forget_wellbeing(*, member: Member, level: str, **_: Any) -> None:
    """Delete moods, adjustments and check-ins of a person who wants to be erased."""
    if level == WithdrawalLevel.ERASE:
        adjustments.forget(member=member)


@receiver(account_switched)
def tell_of_stopped_lead(*, user: User, active: bool, **_: Any) -> None:
    """Tell each study whose safety lead can no longer sign in."""
    for place in [] if active else studies.places_on_staff(user_id=user.id):
        if Role.SAFETY_LEAD in place.roles:
            calls.tell_of_missing_lead(study=place.study)


@receiver(member_removed)
def tell_of_removed_lead(*, member: Member, **_: Any) -> None:
    """Tell a study whose safety lead was removed."""
    if Role.SAFETY_LEAD in member.roles:
        calls.tell_of_missing_lead(study=member.study)
