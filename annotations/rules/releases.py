"""What keeps a row out of a dataset release, in words; which file names a release may hold."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import NamedTuple

from annotations.rules.states import ReleasePurpose
from codesign.consent.rules import Purpose

CONFIGS = ("preference", "unpaired_preference", "sft", "judgements")
BY_COHORT = ("preference", "unpaired_preference")
"""Configs that are there for each cohort as well, where a release has several."""
POLICY = "cohorts-equal-3"
"""Name of the rules by which judgements become records; a changed rule takes a new name."""
LEAST_P = (Decimal("0.5"), Decimal("0.9999"))
"""Between which the least p of a release may be asked for; p itself never reaches 1."""
LEAST_MARGIN = (Decimal(0), Decimal(3))
PLACES = 4
"""Decimal places of p and margin in a record, and of what is asked for."""
MAX_BUILDS = 5
"""How often a build starts anew, after a consent that changed or a builder that died."""


DOWNLOADED = "annotations.release_downloaded"
ACKNOWLEDGED = "annotations.release_acknowledged"
"""What the audit trail calls taking files of a release, and deleting them again."""


class Dropped(StrEnum):
    """Why a row is not in a release. The first that applies, in this order, is counted."""

    EVALUATION_ROUND = "evaluation_round"
    HELD_OUT = "held_out"
    HELD_OUT_GROUP = "held_out_group"
    PROMPT_WITHDRAWN = "prompt_withdrawn"
    RESPONSE_WITHDRAWN = "response_withdrawn"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    NO_CONSENT = "no_consent"
    PAY_CHECK = "pay_check"
    UNCLEARED_TEXT = "uncleared_text"
    OPEN_FLAG = "open_flag"
    UPHELD_HARM = "upheld_harm"
    ALL_HARMFUL = "all_harmful"
    IDENTICAL_TEXT = "identical_text"
    CONTESTED = "contested"
    UNDECIDED = "undecided"
    COHORTS_DIFFER = "cohorts_differ"
    TIE = "tie"
    CYCLE = "cycle"
    BELOW_LEAST_P = "below_least_p"
    BELOW_LEAST_MARGIN = "below_least_margin"
    MIDDLE = "middle"
    NOT_REVIEWED = "not_reviewed"
    HELD_BACK = "held_back"
    UNCHANGED = "unchanged"
    PERSONAL_DATA = "personal_data"
    DUPLICATE = "duplicate"


SAYS: Mapping[str, str] = {
    Dropped.EVALUATION_ROUND: "from an evaluation round, which compares models",
    Dropped.HELD_OUT: "on a prompt that is held out for evaluation",
    Dropped.HELD_OUT_GROUP: "on a prompt too close to a held-out one",
    Dropped.PROMPT_WITHDRAWN: "on a prompt that was withdrawn",
    Dropped.RESPONSE_WITHDRAWN: "on a response that was withdrawn",
    Dropped.CONSENT_WITHDRAWN: "made under a consent that was taken back",
    Dropped.NO_CONSENT: "by people whose consent now in force does not allow this use",
    Dropped.PAY_CHECK: "sent much faster than promised, and not cleared for use by a coordinator",
    Dropped.UNCLEARED_TEXT: "where the prompt or a response holds what looks like personal data and"
    " nobody has cleared it",
    Dropped.OPEN_FLAG: "on a response with a report of harm that nobody has decided yet",
    Dropped.UPHELD_HARM: "where the text to learn from was found harmful",
    Dropped.ALL_HARMFUL: "where people who judged found that the responses could do harm",
    Dropped.IDENTICAL_TEXT: "where both texts are the same",
    Dropped.CONTESTED: "where the cohorts clearly want opposite things (listed in contested.jsonl)",
    Dropped.UNDECIDED: "where the cohorts lean to opposite sides and one has fewer than three"
    " votes, too few to tell (listed in contested.jsonl)",
    Dropped.COHORTS_DIFFER: "where one cohort finds good what another finds bad",
    Dropped.TIE: "where neither response was preferred",
    Dropped.CYCLE: "where the votes on a prompt go in a circle, so that each response is"
    " preferred to the next (listed in contested.jsonl)",
    Dropped.BELOW_LEAST_P: "less sure than the least p that was asked for",
    Dropped.BELOW_LEAST_MARGIN: "weaker than the least margin that was asked for",
    Dropped.MIDDLE: "which people found neither good nor bad",
    Dropped.NOT_REVIEWED: "rewrites that nobody has reviewed yet",
    Dropped.HELD_BACK: "rewrites that the review held back",
    Dropped.UNCHANGED: "rewrites that differ from the response in capitals, spaces or punctuation"
    " at most",
    Dropped.PERSONAL_DATA: "rewrites in which personal data was found",
    Dropped.DUPLICATE: "records that say the same as another one",
}
LISTED = (Dropped.CONTESTED, Dropped.UNDECIDED, Dropped.CYCLE)
"""Reasons for which a pair is listed in contested.jsonl, with what each cohort said."""
USES: Mapping[str, str] = {
    ReleasePurpose.TRAINING: "training models",
    ReleasePurpose.EVALUATION: "evaluating models",
    ReleasePurpose.PUBLICATION: "public release",
}


def purposes_needed(purpose: str) -> tuple[Purpose, ...]:
    """The consent choices that everybody in a release of that purpose must have granted."""
    return (Purpose.TAKE_PART, Purpose(purpose))


def of_cohort(config: str, cohort: str) -> str:
    """The name of a config for one cohort; without one, of the config itself."""
    return f"{config}-{cohort}" if cohort else config


def in_words(reason: str, count: int) -> str:
    """`12 by people whose …`: one clause of a sentence about what stayed out."""
    return f"{count} {SAYS[reason]}"


class LeastAsked(NamedTuple):
    """Below which p and margin a preference stays out of a release; any is enough by default."""

    p: Decimal = LEAST_P[0]
    margin: Decimal = LEAST_MARGIN[0]


ANY_LEAST = LeastAsked()


def least_problems(least: LeastAsked) -> dict[str, list[str]]:
    """field → what is wrong with a least p and a least margin that somebody asked for."""
    found: dict[str, list[str]] = {}
    if not _is_between(least.p, *LEAST_P):
        found["least_p"] = ["Must be from 0.5 to below 1, with at most four decimal places."]
    if not _is_between(least.margin, *LEAST_MARGIN):
        found["least_margin"] = ["Must be from 0 to 3, with at most four decimal places."]
    return found


def _is_between(value: Decimal, least: Decimal, most: Decimal) -> bool:
    try:
        return least <= value <= most and value == round(value, PLACES)
    except InvalidOperation:  # not a number
        return False
