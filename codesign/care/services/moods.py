"""Store how people feel. Nothing here writes to the audit trail, which others read."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.care.models import Adjustments, Mood
from codesign.care.rules.moods import Face, Moment, day_of
from codesign.consent import queries as consent
from codesign.shared.errors import Invalid, NoConsent
from codesign.studies.models import Member


@transaction.atomic
def say(*, member: Member, moment: str, face: int | None) -> Mood:
    """Store how a member feels today; None if they pass. Saying it again replaces the answer."""
    if moment not in Moment.values or (face is not None and face not in Face.values):
        raise Invalid(_("Please choose from the list."))
    if consent.id_in_force(member_id=member.id) is None:
        raise NoConsent
    day = day_of(timezone.now(), zone=member.user.timezone)
    mood, _is_new = Mood.objects.update_or_create(
        member=member, day=day, moment=moment, defaults={"face": face}
    )
    return mood


@transaction.atomic
def stop_asking(*, member: Member) -> None:
    """Never ask a member how they feel again, until they switch it on."""
    Adjustments.objects.update_or_create(member=member, defaults={"asks_mood": False})


@transaction.atomic
def forget(*, member: Member) -> None:
    """Delete everything that a member said about how they feel."""
    Mood.objects.filter(member=member).delete()
