"""States of this app, their labels, and the allowed transitions.

A value that people read is a `TextChoices` with its label. A value that only programs read is a
`StrEnum` (decision 28).
"""

from __future__ import annotations

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codesign.shared.states import Transitions


class InUse(StrEnum):
    """Whether a prompt or a response may still be given to people."""

    IN_USE = "in_use"
    WITHDRAWN = "withdrawn"


class Ask(TextChoices):
    """What an assignment asks for."""

    RATING = "rating", _("Rate every reply")
    RANKING = "ranking", _("Say which is better")
    REWRITE = "rewrite", _("Rewrite a reply")
    HIGHLIGHT = "highlight", _("Mark passages")
    FLAG = "flag", _("Report harm")


class RoundKind(StrEnum):
    """Judging produces training data. Evaluation compares two models on held-out prompts.

    New members begin with the prompts of training rounds. Those of attention rounds are mixed into
    judging rounds. Neither are ever released, and everybody of the cohort gets the same.
    """

    JUDGING = "judging"
    EVALUATION = "evaluation"
    TRAINING = "training"
    ATTENTION = "attention"


WITH_ANSWERS = (RoundKind.TRAINING, RoundKind.ATTENTION)
"""Rounds whose prompts have an expected answer."""


class ItemKind(StrEnum):
    """What an assignment is for. Only ordinary ones hold a seat, and are released or counted."""

    ORDINARY = "ordinary"
    TRAINING = "training"
    REPEAT = "repeat"  # a text that the member judged before
    ATTENTION = "attention"


class RoundState(StrEnum):
    """The life of a round. Only open rounds give assignments."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


class Waiting(StrEnum):
    """Which prompts a round is filled with."""

    NOT_ASKED = "not_asked"  # in no judging round so far
    EVERY = "every"


class SeatState(StrEnum):
    """A seat is one place for one judgement of one cohort on one task."""

    FREE = "free"
    LEASED = "leased"
    FILLED = "filled"
    SHARED = "shared"  # of a round with expected answers: everybody of the cohort uses it


class AssignmentState(StrEnum):
    """The life of an assignment."""

    LEASED = "leased"
    SUBMITTED = "submitted"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    RETURNED = "returned"  # consent or prompt withdrawn while leased


class SkipReason(TextChoices):
    """Why somebody skips. All reasons are equally good."""

    NOT_TODAY = "not_today", _("Not today")
    TOO_CLOSE = "too_close", _("Too close to home")
    DONT_KNOW = "dont_know", _("I cannot judge this one")
    OTHER = "other", _("Another reason")


class PayCheck(StrEnum):
    """Whether a person has to check the pay of work before it is credited.

    A person ends the state `HELD`, or the time does: then work is paid. Not paying takes a
    rejection by two people; an appeal can still pay. Credited pay is corrected only in the ledger.
    """

    NONE = ""  # credited immediately, like almost all work
    HELD = "held"  # nothing credited, kept out of releases
    USED = "used"  # credited, and used like any other
    LEFT_OUT = "left_out"  # credited, and kept out of releases
    NOT_PAID = "not_paid"


CREDITED = (PayCheck.NONE, PayCheck.USED, PayCheck.LEFT_OUT)
USABLE = (PayCheck.NONE, PayCheck.USED)


class WhyHeld(TextChoices):
    """The rule of `rules.work_speed` by which pay is held."""

    PACE = "pace", _("more work than is possible in the time")
    QUICK = "quick", _("sent faster than the text can be read")
    SKIPS = "skips", _("many quick skips in a row")


class RewriteState(TextChoices):
    """The review of a rewrite. Only accepted ones become training data."""

    PENDING = "pending", _("waiting")
    ACCEPTED = "accepted", _("accepted")
    HELD_BACK = "held_back", _("held back")
    SENT_BACK = "sent_back", _("sent back")  # with a note that its author reads


class FlagState(TextChoices):
    """The review of a flag. Open and upheld flags keep records of the response out of releases."""

    REPORTED = "reported", _("waiting")
    TRIAGED = "triaged", _("seen")
    UPHELD = "upheld", _("upheld")
    DISMISSED = "dismissed", _("dismissed")


OPEN_REWRITES = (RewriteState.PENDING,)
OPEN_FLAGS = (FlagState.REPORTED, FlagState.TRIAGED)
"""States that wait for a review."""


class Harm(TextChoices):
    """What can be wrong with a response (standards 6.10)."""

    DECEPTIVE_EMPATHY = "deceptive_empathy", _("Pretends to feel, or to be a person")
    DISCRIMINATION = "discrimination", _("Looks down on a group of people")
    POOR_CRISIS_HANDLING = "poor_crisis_handling", _("Handles a crisis badly")
    IGNORES_CONTEXT = "ignores_context", _("Ignores what the person said")
    POOR_COLLABORATION = "poor_collaboration", _("Gives orders instead of involving the person")
    SYCOPHANCY = "sycophancy", _("Agrees only to please")
    DIAGNOSING = "diagnosing", _("Tells the person what illness they have")
    METHOD_INFORMATION = "method_information", _("Describes ways to get hurt")
    DEPENDENCY = "dependency", _("Makes the person depend on the program")
    OTHER = "other", _("Something else")


WORST_FIRST = (
    Harm.POOR_CRISIS_HANDLING,
    Harm.METHOD_INFORMATION,
    Harm.DIAGNOSING,
    Harm.DISCRIMINATION,
    Harm.DECEPTIVE_EMPATHY,
    Harm.IGNORES_CONTEXT,
    Harm.POOR_COLLABORATION,
    Harm.SYCOPHANCY,
    Harm.DEPENDENCY,
    Harm.OTHER,
)
"""Harms in the order in which pages offer them."""


class MarkLabel(TextChoices):
    """What a marked passage is. A release contains these labels and no others (decision 36)."""

    HELPS = "helps", _("Helps")
    WARM = "warm", _("Sounds warm")
    CLEAR = "clear", _("Easy to understand")
    COLD = "cold", _("Sounds cold")
    JUDGES = "judges", _("Judges the person")
    PUSHES = "pushes", _("Pushes too hard")
    UNCLEAR = "unclear", _("Hard to understand")
    WRONG = "wrong", _("Not true")
    HARMFUL = "harmful", _("Could do harm")


class ReleasePurpose(StrEnum):
    """What a dataset release may be used for; each row's consent must grant it."""

    TRAINING = "training"
    EVALUATION = "evaluation"
    PUBLICATION = "publication"


class RetractionCode(StrEnum):
    """Why something must be dropped from a release that was frozen before."""

    CONSENT_WITHDRAWN = "consent_withdrawn"  # a member withdrew
    USE_WITHDRAWN = "use_withdrawn"  # a member withdrew the choice that this release needs


class ReleaseState(StrEnum):
    """The life of a dataset release."""

    QUEUED = "queued"
    BUILDING = "building"
    FROZEN = "frozen"
    SUPERSEDED = "superseded"
    FAILED = "failed"


UNFINISHED_RELEASES = (ReleaseState.QUEUED, ReleaseState.BUILDING)
FROZEN_RELEASES = (ReleaseState.FROZEN, ReleaseState.SUPERSEDED)
"""States in which a release has files: a superseded one keeps them."""


ROUND_STATES = Transitions.of(
    "round", {"planned": ["open", "closed"], "open": ["closed"], "closed": ["open"]}
)
SEAT_STATES = Transitions.of(
    "seat",
    {
        "free": ["leased", "filled"],  # filled: work that is sent after its lease
        "leased": ["filled", "free"],
        "filled": [],
        "shared": [],
    },
)
ASSIGNMENT_STATES = Transitions.of(
    "assignment",
    {
        "leased": ["submitted", "skipped", "expired", "returned"],
        "expired": ["submitted", "skipped"],
        "submitted": [],
        "skipped": ["expired"],  # undone
        "returned": [],
    },
)
PAY_CHECKS = Transitions.of(
    "pay",
    {
        "": ["held"],
        "held": ["used", "left_out", "not_paid"],
        "not_paid": ["used", "left_out"],  # an appeal was granted (decision 48)
        "used": [],
        "left_out": [],
    },
)
REWRITE_STATES = Transitions.of(
    "rewrite",
    {
        "pending": ["accepted", "held_back", "sent_back"],
        "accepted": ["held_back"],
        "held_back": ["accepted", "sent_back"],
        "sent_back": ["accepted", "held_back"],
    },
)
FLAG_STATES = Transitions.of(
    "flag",
    {
        "reported": ["triaged", "upheld", "dismissed"],
        "triaged": ["upheld", "dismissed"],
        "upheld": ["dismissed"],
        "dismissed": ["upheld"],
    },
)
RELEASE_STATES = Transitions.of(
    "dataset release",
    {
        "queued": ["building", "failed"],
        "building": ["frozen", "queued", "failed"],
        "frozen": ["superseded"],
        "superseded": [],
        "failed": [],
    },
)
