"""Reactions to signals of lower apps: withdrawals, and safety leads who can no longer act."""

from typing import Any

from django.dispatch import receiver

from codesign.accounts.models import User
from codesign.accounts.signals import account_switched
from codesign.care.services import adjustments, calls, cases, check_ins
from codesign.consent.rules import WithdrawalLevel
from codesign.consent.signals import consent_withdrawn
from codesign.studies import queries as studies
from codesign.studies.models import Member
from codesign.studies.rules import Role
from codesign.studies.signals import member_added, member_removed


@receiver(consent_withdrawn)
def forget_wellbeing(*, member: Member, level: str, **_: Any) -> None:
    """Delete what care holds of a person who wants to be erased.

    Moods, adjustments and check-ins, and in their cases the contact and the notes.
    """
    if level == WithdrawalLevel.ERASE:
        adjustments.forget(member=member)
        cases.forget(member=member)


@receiver(account_switched)
def tell_of_switched_lead(*, user: User, active: bool, **_: Any) -> None:
    """Tell each study whose safety lead can no longer sign in; tell who can again of open cases."""
    for place in studies.places_on_staff(user_id=user.id):
        if Role.SAFETY_LEAD not in place.roles:
            continue
        if active:
            calls.tell_new_lead(lead=place)
        else:
            calls.tell_of_missing_lead(study=place.study)


@receiver(member_added)
def tell_added_lead(*, member: Member, **_: Any) -> None:
    """Tell a new safety lead of the cases that are open already."""
    if Role.SAFETY_LEAD in member.roles:
        calls.tell_new_lead(lead=member)


@receiver(member_removed)
def end_care_of_removed_member(*, member: Member, **_: Any) -> None:
    """Cancel the check-in of a removed member, and tell a study whose safety lead was removed."""
    check_ins.cancel(member=member)
    if Role.SAFETY_LEAD in member.roles:
        calls.tell_of_missing_lead(study=member.study)
