"""Mails to safety leads. They say that there is something to do, and nothing about anybody."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from codesign.accounts.queries import language_of
from codesign.accounts.services.outbox import send_mail
from codesign.care.models import Case
from codesign.care.queries import rota
from codesign.care.rules.disclosure.phrases import Urgency
from codesign.studies import queries as studies
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role

NEW = _("Please look at Codesign")
NEW_AND_IMMINENT = _("Please look at Codesign within 12 hours")
NEW_BODY = _("Something new is waiting for you: %(address)s")
OVERDUE = _("Overdue: please look at Codesign now")
OVERDUE_BODY = _(
    "Something has waited for longer than it should. If the person in charge cannot look now,"
    " please do: %(address)s"
)

LEAD_GONE = _("Please look at the rota on Codesign")
LEAD_GONE_BODY = _(
    "Somebody who looks after people in your study can no longer act. If you are a safety lead,"
    " please look now whether somebody needs you. If you are a coordinator, please make sure that"
    " enough safety leads are in the rota: %(address)s"
)


def tell_on_duty(*, case: Case) -> None:
    """Tell the safety lead in charge that the list of cases has something new."""
    subject = NEW_AND_IMMINENT if case.urgency == Urgency.IMMINENT else NEW
    _write(_on_duty(case.study)[:1], study=case.study, subject=subject, body=NEW_BODY)


def tell_new_lead(*, lead: Member) -> None:
    """Tell somebody who begins to look after people that the list of cases is not empty."""
    waiting = Case.objects.opened().filter(study=lead.study_id)
    if waiting.exists():
        imminent = waiting.filter(urgency=Urgency.IMMINENT).exists()
        subject = NEW_AND_IMMINENT if imminent else NEW
        _write([lead], study=lead.study, subject=subject, body=NEW_BODY)


def tell_of_overdue() -> int:
    """Tell the person in charge and the deputy of overdue cases, daily until somebody looks.

    A timer calls this. Where nobody can act, the next lead is told. Returns the number of cases.
    """
    told = 0
    for case_id in Case.objects.overdue(at=timezone.now()).values_list("id", flat=True):
        with transaction.atomic():
            told += _tell_of(case_id)
    return told


def tell_of_missing_lead(*, study: Study) -> None:
    """Tell who is in charge now, and the coordinators, that a safety lead can no longer act.

    The mail is the same whether or not anybody is being looked after.
    """
    coordinators = studies.in_charge(study_id=study.id, role=Role.COORDINATOR)
    readers = [*_on_duty(study)[:1], *coordinators.select_related("user")]
    _write(
        {member.user_id: member for member in readers}.values(),
        study=study,
        subject=LEAD_GONE,
        body=LEAD_GONE_BODY,
        page="care:plan",
    )


def _tell_of(case_id: uuid.UUID) -> bool:
    now = timezone.now()
    overdue = Case.objects.overdue(at=now).select_related("study")
    locked = overdue.select_for_update(skip_locked=True, no_key=True, of=("self",))
    case = locked.filter(id=case_id).first()
    if case is None:
        return False
    leads = _on_duty(case.study)[:2]
    if not leads:
        return False
    _write(leads, study=case.study, subject=OVERDUE, body=OVERDUE_BODY)
    case.told_at = now
    case.save(update_fields=["told_at"])
    return True


def _on_duty(study: Study) -> list[Member]:
    return rota.in_charge(study_id=study.id, day=timezone.localdate())


def _write(
    leads: Iterable[Member],
    *,
    study: Study,
    subject: Promise,
    body: Promise,
    page: str = "care:cases",
) -> None:
    """Mail each of them in their own language, with the address of a page."""
    address = settings.SITE_URL + reverse(page, kwargs={"slug": study.slug})
    for lead in leads:
        with translation.override(language_of(lead.user)):
            send_mail(
                to=lead.user.email, subject=str(subject), body=str(body) % {"address": address}
            )
