"""Words and states of the judging, and what may follow what."""

from __future__ import annotations

from enum import StrEnum

from codesign.shared.states import Transitions


class Category(StrEnum):
    """What kind of help a prompt asks for (standards 1.1)."""

    EDUCATION = "education"
    ASSESSMENT = "assessment"
    INTERVENTION = "intervention"


class Origin(StrEnum):
    """Who wrote a text (standards 1.6)."""

    HUMAN = "human"
    AI = "ai"
    AI_EDITED = "ai_edited"


class InUse(StrEnum):
    """Whether a prompt or a response may still be given to people."""

    IN_USE = "in_use"
    WITHDRAWN = "withdrawn"


class Ask(StrEnum):
    """What an assignment asks for."""

    RATING = "rating"
    RANKING = "ranking"
    REWRITE = "rewrite"
    HIGHLIGHT = "highlight"
    FLAG = "flag"


class RoundKind(StrEnum):
    """Judging makes training data; evaluation compares two models on held-out prompts."""

    JUDGING = "judging"
    EVALUATION = "evaluation"


class RoundState(StrEnum):
    """Assignments come from open rounds alone."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


class Waiting(StrEnum):
    """Which prompts a round is filled with."""

    NOT_ASKED = "not_asked"  # in no round of judging so far
    EVERY = "every"


class SeatState(StrEnum):
    """A seat is one place for one judgement of one cohort on one task."""

    FREE = "free"
    LEASED = "leased"
    FILLED = "filled"


class AssignmentState(StrEnum):
    """The life of an assignment."""

    LEASED = "leased"
    SUBMITTED = "submitted"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    RETURNED = "returned"  # consent taken back, or prompt pulled, while leased


class SkipReason(StrEnum):
    """Why somebody passes; none is better than another."""

    NOT_TODAY = "not_today"
    TOO_CLOSE = "too_close"
    DONT_KNOW = "dont_know"
    OTHER = "other"


class PayCheck(StrEnum):
    """Whether the pay of a piece of work is checked by a person before it is credited.

    Nothing but a person moves it on from `HELD`. A piece that was not paid can still be paid
    later; what was paid is corrected in the ledger alone.
    """

    NONE = ""  # credited at once, as nearly all work is
    HELD = "held"  # nothing credited, kept out of releases
    USED = "used"  # credited, and used like any other
    LEFT_OUT = "left_out"  # credited, and kept out of releases
    NOT_PAID = "not_paid"


CREDITED = (PayCheck.NONE, PayCheck.USED, PayCheck.LEFT_OUT)
USABLE = (PayCheck.NONE, PayCheck.USED)


class WhyHeld(StrEnum):
    """By which rule of `rules.work_speed` pay is held."""

    PACE = "pace"  # more promised time than can have passed
    QUICK = "quick"  # sent sooner than the words can be read
    SKIPS = "skips"  # one of many quick skips in a row


class RewriteState(StrEnum):
    """A rewrite enters training data only once accepted."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    HELD_BACK = "held_back"


class FlagState(StrEnum):
    """An open flag keeps a response's records out; an upheld one for good."""

    REPORTED = "reported"
    TRIAGED = "triaged"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class TextCheck(StrEnum):
    """Whether a prompt or response holds personal data; what is found waits for a coordinator."""

    UNCHECKED = "unchecked"
    CLEAR = "clear"  # nothing was found
    FOUND = "found"
    CLEARED = "cleared"  # somebody looked: it is nobody's
    KEPT_OUT = "kept_out"


WAITING_REWRITE = (RewriteState.PENDING,)
WAITING_FLAG = (FlagState.REPORTED, FlagState.TRIAGED)
"""States in which a review is still to come."""


class Harm(StrEnum):
    """What can be wrong with a response (standards 6.10)."""

    DECEPTIVE_EMPATHY = "deceptive_empathy"
    DISCRIMINATION = "discrimination"
    POOR_CRISIS_HANDLING = "poor_crisis_handling"
    IGNORES_CONTEXT = "ignores_context"
    POOR_COLLABORATION = "poor_collaboration"
    SYCOPHANCY = "sycophancy"
    DIAGNOSING = "diagnosing"
    METHOD_INFORMATION = "method_information"
    DEPENDENCY = "dependency"
    OTHER = "other"


class ReleasePurpose(StrEnum):
    """What a dataset release may be used for; each row's consent must grant it."""

    TRAINING = "training"
    EVALUATION = "evaluation"
    PUBLICATION = "publication"


class RetractionCode(StrEnum):
    """Why something must be dropped from a release that was frozen before."""

    CONSENT_WITHDRAWN = "consent_withdrawn"  # somebody left
    USE_WITHDRAWN = "use_withdrawn"  # somebody took back the choice that this release needed


class ReleaseState(StrEnum):
    """The life of a dataset release."""

    QUEUED = "queued"
    BUILDING = "building"
    FROZEN = "frozen"
    SUPERSEDED = "superseded"
    FAILED = "failed"


ROUND_STATES = Transitions.of(
    "round", {"planned": ["open", "closed"], "open": ["closed"], "closed": ["open"]}
)
ASSIGNMENT_STATES = Transitions.of(
    "assignment",
    {
        "leased": ["submitted", "skipped", "expired", "returned"],
        "expired": ["submitted", "skipped"],
        "submitted": [],
        "skipped": [],
        "returned": [],
    },
)
PAY_CHECKS = Transitions.of(
    "pay",
    {
        "": ["held"],
        "held": ["used", "left_out", "not_paid"],
        "not_paid": ["used", "left_out"],
        "used": [],
        "left_out": [],
    },
)
REWRITE_STATES = Transitions.of(
    "rewrite",
    {
        "pending": ["accepted", "held_back"],
        "accepted": ["held_back"],
        "held_back": ["accepted"],
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
TEXT_STATES = Transitions.of(
    "text",
    {
        "unchecked": ["clear", "found"],
        "clear": [],
        "found": ["cleared", "kept_out"],
        "cleared": ["kept_out"],
        "kept_out": ["cleared"],
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
