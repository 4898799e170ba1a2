"""Mails about rejections. They say what happened and where to read more, nothing of the work."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from codesign.accounts.queries import language_of
from codesign.accounts.services.outbox import send_mail
from codesign.compensation.models import Rejection
from codesign.compensation.queries import rejections as queries
from codesign.compensation.rules.rejections import APPEAL_WITHIN
from codesign.studies.models import Member

REJECTED = _("About your pay on Codesign")
REJECTED_BODY = _(
    "Some of your work was not accepted, so its pay is taken back or not paid. Two people decided"
    " this. You can read why, and you can appeal within %(days)d days. Somebody else then decides."
    "\n\n%(address)s"
)
APPEALED = _("An appeal is waiting on Codesign")
APPEALED_BODY = _(
    "Somebody appealed against a rejection of their work. You took no part in it, so you can"
    " decide: %(address)s"
)
DECIDED = _("Your appeal on Codesign")
DECIDED_BODY = _("Your appeal is decided. You can read the answer here: %(address)s")
PAID = _("Your pay on Codesign")
PAID_BODY = _("Work that was not accepted is now paid after all. You can read more: %(address)s")


def tell_of_rejection(*, rejection: Rejection) -> None:
    """Tell a person that work was rejected, and that they can appeal."""
    _write([rejection.member], REJECTED, REJECTED_BODY, "compensation:own-rejection", rejection)


def tell_of_appeal(*, rejection: Rejection) -> None:
    """Tell those who can decide on an appeal that there is one."""
    deciders = queries.deciders(rejection=rejection)
    _write(deciders, APPEALED, APPEALED_BODY, "compensation:rejection", rejection)


def tell_of_decision(*, rejection: Rejection) -> None:
    """Tell a person that their appeal is decided."""
    _write([rejection.member], DECIDED, DECIDED_BODY, "compensation:own-rejection", rejection)


def tell_of_payment(*, rejection: Rejection) -> None:
    """Tell a person that rejected work is paid after all."""
    _write([rejection.member], PAID, PAID_BODY, "compensation:own-rejection", rejection)


def _write(
    readers: Iterable[Member], subject: Promise, body: Promise, page: str, rejection: Rejection
) -> None:
    """Mail each of them in their own language, with the address of a page."""
    names = {"slug": rejection.study.slug, "rejection_id": rejection.id}
    address = settings.SITE_URL + reverse(page, kwargs=names)
    for reader in readers:
        with translation.override(language_of(reader.user)):
            words = str(body) % {"address": address, "days": APPEAL_WITHIN.days}
            send_mail(to=reader.user.email, subject=str(subject), body=words)
