"""The state of a piece of work in words (standards 3.5). It is computed, never stored."""

from __future__ import annotations

from datetime import datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codesign.compensation.rules.rejections import AUTO_APPROVAL

SCREENING = "screening"
"""The kind of work that pays for answering whether somebody can take part."""


class WorkState(TextChoices):
    """States of work, as panels for research know them."""

    RESERVED = "reserved", _("kept for you, not opened")
    ACTIVE = "active", _("open")
    TIMED_OUT = "timed_out", _("time ran out")
    AWAITING_REVIEW = "awaiting_review", _("not checked yet")
    APPROVED = "approved", _("approved")
    RETURNED = "returned", _("given back")
    REJECTED = "rejected", _("not accepted")
    SCREENED_OUT = "screened_out", _("paid for the questions at the start")


def state_of_paid(
    *, kind: str, done_at: datetime, approved: bool, rejected: bool, now: datetime
) -> WorkState:
    """Return the state of work that has a credit.

    `kind` is the kind of work, `approved` whether a person approved it, and `rejected` whether a
    rejection of it is confirmed and not revoked.
    """
    if rejected:
        return WorkState.REJECTED
    if kind == SCREENING:
        return WorkState.SCREENED_OUT
    if approved or now >= done_at + AUTO_APPROVAL:
        return WorkState.APPROVED
    return WorkState.AWAITING_REVIEW
