"""When work can be rejected, by whom, and who decides an appeal (standards 3.5, decision 48)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.shared.states import Transitions
from codesign.shared.visible import count_visible

AUTO_APPROVAL = timedelta(days=7)
"""Work that nobody has rejected by then is approved. At most 21 days (standards 3.5)."""
APPEAL_WITHIN = timedelta(days=30)
"""How long after a rejection its person can appeal."""
ANSWER_WITHIN = timedelta(days=30)
"""An appeal that nobody has decided by then is granted."""
SHORTEST_REASON = 100
"""Least visible characters of a reason (standards 3.5)."""
FEWEST_WORDS = 10
"""Least different words of a reason, because a reason needs sentences."""
LONGEST_REASON = 2000
LONGEST_APPEAL = 4000
MOST_WORKS = 500
"""Pieces of work in one rejection, which are one transaction."""


class RejectionCategory(TextChoices):
    """What is wrong with the work. An answer that differs from others is not a category."""

    AUTOMATED = "automated", gettext_lazy("A program answered, not a person")
    NO_EFFORT = "no_effort", gettext_lazy("Answered without reading")
    COPIED = "copied", gettext_lazy("Copied from somebody else or from other texts")
    TWICE = "twice", gettext_lazy("One person took part with several accounts")
    SHARED_ACCOUNT = "shared_account", gettext_lazy("Somebody else used the account")
    MISTAKE = "mistake", gettext_lazy("Paid by mistake, such as twice for the same work")


class RejectionState(TextChoices):
    """The life of a rejection. Only a confirmed one takes pay away."""

    PROPOSED = "proposed", gettext_lazy("waiting for a second coordinator")
    TAKEN_BACK = "taken_back", gettext_lazy("taken back")
    LAPSED = "lapsed", gettext_lazy("ended without effect")
    CONFIRMED = "confirmed", gettext_lazy("rejected")
    REVOKED = "revoked", gettext_lazy("paid after all")


class AppealState(TextChoices):
    """The life of an appeal."""

    OPEN = "open", gettext_lazy("waiting for a decision")
    UPHELD = "upheld", gettext_lazy("the rejection stays")
    GRANTED = "granted", gettext_lazy("granted, and paid")


REJECTION_STATES = Transitions.of(
    "rejection",
    {
        "proposed": ["confirmed", "taken_back", "lapsed"],
        "confirmed": ["revoked"],
        "taken_back": [],
        "lapsed": [],
        "revoked": [],
    },
)
APPEAL_STATES = Transitions.of(
    "appeal", {"open": ["upheld", "granted"], "upheld": [], "granted": []}
)


def reason_problem(reason: str) -> str | None:
    """Return why this is no reason that a person can understand and answer, or None.

    `reason` has single spaces. Invisible characters and spaces do not count.
    """
    if not storable(reason) or len(reason) > LONGEST_REASON:
        return _("Please use at most %(n)d ordinary characters for the reason.") % {
            "n": LONGEST_REASON
        }
    if count_visible(reason) < SHORTEST_REASON or len(set(reason.split())) < FEWEST_WORDS:
        return _(
            "Please write at least %(n)d characters, without spaces, in full sentences. The person"
            " will read the reason."
        ) % {"n": SHORTEST_REASON}
    return None


def storable(text: str) -> bool:
    """Return whether the database can store the text: no NUL and no lone surrogate."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def can_be_rejected(*, done_at: datetime, approved: bool, now: datetime) -> bool:
    """Return whether work can still be rejected: not approved, by a person or by time."""
    return not approved and now < done_at + AUTO_APPROVAL


def confirm_problem(*, proposed: bool, same_person: bool) -> str | None:
    """Return why a coordinator cannot confirm a rejection, or None.

    `same_person`: their address belongs to the person who proposed, or to an account that this
    person created.
    """
    if proposed:
        return _("You proposed this, so another coordinator has to confirm it.")
    if same_person:
        return _("Your account and that of the person who proposed this are not independent.")
    return None


def appeal_problem(*, state: str, confirmed_at: datetime | None, now: datetime) -> str | None:
    """Return why its person cannot appeal against a rejection, or None."""
    if state != RejectionState.CONFIRMED or confirmed_at is None:
        return _("There is nothing to appeal against: this work is not rejected.")
    if now >= confirmed_at + APPEAL_WITHIN:
        return _("The time for an appeal has passed. Please write to the study.")
    return None


def appeal_decider_problem(*, involved: bool, coordinates: bool, others: bool) -> str | None:
    """Return why this member of the staff cannot decide an appeal, or None.

    `involved`: proposed or confirmed the rejection. `coordinates`: a coordinator, not an auditor.
    `others`: the study has a coordinator who is not involved.
    """
    if involved:
        return _("You took part in the rejection, so somebody else has to decide the appeal.")
    if not coordinates and others:
        return _("A coordinator who took no part in the rejection decides this appeal.")
    return None
