"""Sending mail: a mail is a row first, and a job hands it to the mail server."""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.accounts import rules
from codesign.accounts.models import OutgoingMail
from codesign.accounts.queries import MAIL
from codesign.jobs.registry import Failed, Kind, Retry, register
from codesign.jobs.services import queueing
from codesign.jobs.services.working import Work
from codesign.shared.actors import SYSTEM

log = logging.getLogger(__name__)


@transaction.atomic
def send_mail(
    *, to: str, subject: str, body: str, useful_for: timedelta | None = None
) -> OutgoingMail:
    """Put a mail into the outbox; it is sent once the caller's transaction has committed.

    A mail that could not be sent within `useful_for` is deleted; without it, sending is retried
    for a day and more.
    """
    mail = OutgoingMail.objects.create(
        to=to,
        subject=subject,
        body=body,
        useful_until=timezone.now() + useful_for if useful_for else None,
    )
    queueing.start(actor=SYSTEM, kind=MAIL, subject_id=mail.id)
    return mail


def _deliver(work: Work) -> None:
    """Hand a mail to the mail server. Who received it and what it said is not kept.

    Reasons of a failure name no address, since the log of a job is kept for ever.
    """
    mail = OutgoingMail.objects.filter(id=work.job.subject_id, sent_at=None).first()
    if mail is None:
        return
    if mail.useful_until and mail.useful_until <= timezone.now():
        mail.delete()
        log.warning("dropped a mail with a code that could not be sent in time")
        raise Failed(_("It could not be sent in time."))
    with transaction.atomic():
        work.lock()  # raises where it was cancelled, or another worker has it
    try:
        EmailMessage(subject=mail.subject, body=mail.body, to=[mail.to]).send()
    except (OSError, smtplib.SMTPException) as error:
        log.warning("the mail server did not take a mail (%s)", type(error).__name__)
        raise _again(work.job.attempts, mail.useful_until, type(error).__name__) from error
    with transaction.atomic():
        work.lock()
        mail.sent_at, mail.to, mail.body = timezone.now(), "", ""
        mail.save(update_fields=["sent_at", "to", "body"])
        work.finish()


def _again(attempts: int, useful_until: datetime | None, error: str) -> Exception:
    """When to try again after so many attempts, if at all."""
    reason = _("The mail server did not take it (%(error)s).") % {"error": error}
    if attempts >= rules.MOST_ATTEMPTS:
        return Failed(reason)
    pause = rules.pause_after(attempts)
    if useful_until:
        pause = min(pause, useful_until - timezone.now())
    return Retry(reason, seconds=max(pause.total_seconds(), 1.0), counts=True)


KIND = register(
    Kind(
        name=MAIL,
        task="accounts.tasks.send_mail",
        queue="default",
        time_limit=120,
        run=_deliver,
        words=gettext_lazy("mail"),
        unit=gettext_lazy("mails"),
        permission=None,
        most_attempts=rules.MOST_ATTEMPTS,
    )
)
