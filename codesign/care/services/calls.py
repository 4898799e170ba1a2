"""Mails to safety leads. They say that there is something to do, and nothing about anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from codesign.accounts.services.outbox import send_mail
from codesign.care.models import Case
from codesign.care.queries import rota
from codesign.care.rules.cases import CaseUrgency
from codesign.studies.models import Member, Study


def tell_on_duty(*, case: Case) -> None:
    """Tell the safety lead in charge that the list of cases has something new."""
    soon = case.urgency == CaseUrgency.IMMINENT
    study = case.study
    for lead in rota.in_charge(study_id=study.id, day=timezone.localdate())[:1]:
        _write(
            [lead],
            subject=lambda: (
                _("Please look at Codesign within 12 hours")
                if soon
                else _("Please look at Codesign")
            ),
            body=lambda: _("Something new is waiting for you: %(address)s") % _where(study),
        )


def tell_of_overdue() -> int:
    """Tell the deputies, and the leads in charge, of overdue cases; once for each time that passed.

    A timer calls this. Returns the number of cases.
    """
    now = timezone.now()
    told = 0
    for case_id in Case.objects.overdue(at=now).values_list("id", flat=True):
        with transaction.atomic():
            locked = Case.objects.overdue(at=now).select_for_update(
                skip_locked=True, no_key=True, of=("self",)
            )
            case = locked.select_related("study").filter(id=case_id).first()
            if case is None:
                continue
            case.told_at = now
            case.save(update_fields=["told_at"])
            study = case.study
            _write(
                rota.in_charge(study_id=study.id, day=timezone.localdate())[:2],
                subject=lambda: _("Overdue: please look at Codesign now"),
                body=lambda study=study: (
                    _(
                        "Something has waited for longer than it should. If the person in charge"
                        " cannot look now, please do: %(address)s"
                    )
                    % _where(study)
                ),
            )
            told += 1
    return told


def _where(study: Study) -> dict[str, str]:
    return {"address": settings.SITE_URL + reverse("care:cases", kwargs={"slug": study.slug})}


def _write(leads: Iterable[Member], *, subject: Callable[[], str], body: Callable[[], str]) -> None:
    """Mail each of them in their own language."""
    for lead in leads:
        with translation.override(lead.user.language):
            send_mail(to=lead.user.email, subject=subject(), body=body())
