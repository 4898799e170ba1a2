"""What people see of their finished work, and until when they can correct a judgement."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from annotations.rules.states import CREDITED, PayCheck

TAKE_BACK = timedelta(minutes=10)
"""How long after sending pages offer to take a judgement back."""
MOST_REVISIONS = 100
"""A bound for programs. People correct once or twice."""


class Earned(TextChoices):
    """What finished work earned."""

    PAID = "paid", _("earned")
    REVERSED = "reversed", _("earned, and reversed later")
    HELD = "held", _("a person checks the pay first")
    NOT_PAID = "not_paid", _("not paid")
    NOTHING = "nothing", _("nothing earned")
    """A second “not today” of a day, an example, or work without pay."""


class Settled(TextChoices):
    """Why a judgement can no longer be corrected."""

    RELEASED = (
        "released",
        _(
            "This may be part of a data set by now, and data sets never change."
            " So your answers stay as they are."
        ),
    )
    READ_OTHERS = (
        "read_others",
        _(
            "You have read in the review what others wrote about this text."
            " So your answers stay as they are."
        ),
    )
    TOO_OFTEN = "too_often", _("This was corrected very often. Your answers stay as they are.")


def earned(*, amount_minor: int, is_work: bool, pay_check: str, reversed_later: bool) -> Earned:
    """Return what a piece of finished work earned.

    `is_work`: a judgement or a paid skip of a person, no example.
    """
    if not is_work or not amount_minor:
        return Earned.NOTHING
    if pay_check in CREDITED:
        return Earned.REVERSED if reversed_later else Earned.PAID
    return Earned.HELD if pay_check == PayCheck.HELD else Earned.NOT_PAID


def settled(*, in_release: bool, read_others: bool, revisions: int) -> Settled | None:
    """Return why a judgement can no longer be corrected, or None."""
    if in_release:
        return Settled.RELEASED
    if read_others:
        return Settled.READ_OTHERS
    return Settled.TOO_OFTEN if revisions >= MOST_REVISIONS else None


def can_take_back(*, sent_at: datetime, now: datetime) -> bool:
    """Return whether a judgement was sent so recently that pages offer to take it back."""
    return now - sent_at <= TAKE_BACK
