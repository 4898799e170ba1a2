"""A mail that asks “how are you?” some days after a session, if the person wants it.

The mail names neither the study nor what it is about, and nor does the address in it (standards
4.11).
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.accounts.services.outbox import send_mail
from codesign.care.models import Case, CheckIn
from codesign.care.queries.adjustments import own_check_in
from codesign.care.services import cases
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotFound
from codesign.studies.models import Member

DAYS = (1, 2, 3)
"""After how many days somebody can be asked: 24, 48 or 72 hours."""
KEPT_FOR = timedelta(days=14)
"""After this time without an answer, a check-in that was sent is deleted."""
SUBJECT = gettext_lazy("How are you?")
BODY = gettext_lazy(
    "You asked us to write to you today. How are you?\n\nIf you like, you can answer here:"
    " %(address)s\n\nYou do not need to do anything. This is the only mail about it."
)


@transaction.atomic
def ask_for(*, member: Member, days: int) -> CheckIn:
    """Store that a member wants a check-in after some days. Asking again moves it."""
    if days not in DAYS:
        says = _("Please choose a day.")
        raise Invalid(says, {"days": [says]})
    due_at = timezone.now() + timedelta(days=days)
    check_in, _is_new = CheckIn.objects.update_or_create(
        member=member, defaults={"due_at": due_at, "sent_at": None}
    )
    return check_in


@transaction.atomic
def cancel(*, member: Member) -> None:
    """Delete the check-in of a member, sent or not."""
    CheckIn.objects.filter(member=member).delete()


@transaction.atomic
def answer(*, actor: Actor, check_in_id: uuid.UUID, talk: bool) -> Case | None:
    """Delete a check-in that its owner answers. With `talk`, a safety lead is told as they wish."""
    check_in = own_check_in(actor=actor, check_in_id=check_in_id)
    if check_in is None:
        raise NotFound
    check_in.delete()
    return cases.ask_for_support(member=check_in.member) if talk else None


def send_due() -> int:
    """Send the mails that are due, and delete check-ins without an answer. A timer calls this."""
    now = timezone.now()
    CheckIn.objects.filter(sent_at__lt=now - KEPT_FOR).delete()
    sent = 0
    due = CheckIn.objects.filter(sent_at=None, due_at__lte=now, member__user__is_active=True)
    for check_in_id in due.values_list("id", flat=True):
        with transaction.atomic():
            locked = due.select_for_update(skip_locked=True, of=("self",))
            if one := locked.select_related("member__user").filter(id=check_in_id).first():
                _send(one)
                sent += 1
    return sent


def _send(check_in: CheckIn) -> None:
    check_in.sent_at = timezone.now()
    check_in.save(update_fields=["sent_at"])
    path = reverse("care:check-in", kwargs={"check_in_id": check_in.id})
    user = check_in.member.user
    with translation.override(user.language):
        body = str(BODY) % {"address": settings.SITE_URL + path}
        send_mail(to=user.email, subject=str(SUBJECT), body=body)
