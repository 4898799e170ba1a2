"""Store how a person works. None of it needs permission, and no reason is asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.accounts import services as accounts
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.care.models import Adjustments, CheckIn, SupportedTime
from codesign.care.queries.adjustments import is_supported
from codesign.care.rules.adjustments import LeaseTime, LeftOut
from codesign.care.services import moods
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotFound
from codesign.studies.models import Member

ADJUSTED = action("care.adjusted", gettext_lazy("changed how they work"))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person chose on the page “How you work”."""

    left_out: Collection[str]
    lease_times: int
    supported: bool
    asks_mood: bool
    text_size: str
    line_spacing: str


@transaction.atomic
def adjust(*, actor: Actor, member: Member, chosen: Chosen) -> Adjustments:
    """Store how the actor works, from the next text on. Repeating it changes nothing.

    The trail says that something changed, and neither what nor why. Text size and line spacing
    hold for all pages of the account, the rest for this study.
    """
    if member.user_id != actor.user_id:
        raise NotFound
    _check(chosen)
    member = (
        Member.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user")
        .get(id=member.id)
    )
    left_out = [one for one in LeftOut.values if one in chosen.left_out]
    before = Adjustments.objects.filter(member=member).first() or Adjustments(member=member)
    changed = (before.left_out, before.lease_times) != (
        left_out,
        chosen.lease_times,
    ) or is_supported(member) != chosen.supported
    after, _is_new = Adjustments.objects.update_or_create(
        member=member,
        defaults={
            "left_out": left_out,
            "lease_times": chosen.lease_times,
            "asks_mood": chosen.asks_mood,
        },
    )
    _note_supporter(member, present=chosen.supported)
    accounts.set_reading(
        actor=actor,
        user=member.user,
        text_size=chosen.text_size,
        line_spacing=chosen.line_spacing,
    )
    if changed:
        audit.record(
            actor=actor,
            action=ADJUSTED,
            study_id=member.study_id,
            about=("member", member.id, member.pseudonym),
        )
    return after


def _check(chosen: Chosen) -> None:
    if set(chosen.left_out) - set(LeftOut.values) or chosen.lease_times not in LeaseTime.values:
        raise Invalid(_("Please choose from the list."))


def _note_supporter(member: Member, *, present: bool) -> None:
    """Record from when until when a supporter is present; judgements of that time carry it."""
    now = timezone.now()
    if not present:
        SupportedTime.objects.filter(member=member, ended_at=None).update(ended_at=now)
    elif not is_supported(member):
        SupportedTime.objects.create(member=member, began_at=now)


def forget(*, member: Member) -> None:
    """Delete what a member said about how they work and feel. The caller's transaction says why."""
    moods.forget(member=member)
    Adjustments.objects.filter(member=member).delete()
    SupportedTime.objects.filter(member=member).delete()
    CheckIn.objects.filter(member=member).delete()
