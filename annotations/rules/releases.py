"""Why rows are left out of a dataset release, in words; which file names a release may have.

A release has the same bytes whatever language is active, so its own files use these English texts;
`drop_reason_text` and `use_text` translate them for pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

from annotations.rules.states import ReleasePurpose
from codesign.consent.rules import Purpose

FROM_PEOPLE = ("preference", "unpaired_preference", "sft", "comparisons", "judgements")
"""Configs whose records are the work of people, so that a withdrawal can retract them."""
CONFIGS = (*FROM_PEOPLE, "texts", "imported")
IN_SOME = ("comparisons", "imported")
"""Configs of releases for evaluation alone, and of studies that imported judgements."""
BY_COHORT = ("preference", "unpaired_preference")
"""Configs that a release also has for each cohort, if it has several cohorts."""
POLICY = "cohorts-equal-3"
"""Name of the rules by which judgements become records; a changed rule takes a new name."""
LEAST_P = (Decimal("0.5"), Decimal("0.9999"))
"""Lowest and highest threshold for p that a release may ask for; p itself never reaches 1."""
LEAST_MARGIN = (Decimal(0), Decimal(3))
LEAST_MEDIAN = (Decimal("0.5"), Decimal(1))
"""Lowest and highest bound from which on the best-rated reply of a prompt may be in `sft`."""
PLACES = 4
"""Decimal places of p, margin and medians, in records and in requests."""
MAX_BUILDS = 5
"""Most builds of a release, if consents change or builders are stopped."""


DOWNLOADED = "annotations.release_downloaded"
ACKNOWLEDGED = "annotations.release_acknowledged"
"""Audit actions for downloading files of a release, and for confirming their deletion."""


def gettext_noop(text: str) -> str:
    """Mark a text for translation; Django's own needs settings, which a build does without."""
    return text


class DropReason(StrEnum):
    """Why a row is not in a release. If several apply, the first in this order is counted."""

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
    EVEN = "tie"  # the value is published in manifests
    CYCLE = "cycle"
    BELOW_LEAST_P = "below_least_p"
    BELOW_LEAST_MARGIN = "below_least_margin"
    BELOW_LEAST_MEDIAN = "below_least_median"
    MIDDLE = "middle"
    NOT_REVIEWED = "not_reviewed"
    HELD_BACK = "held_back"
    UNCHANGED = "unchanged"
    PERSONAL_DATA = "personal_data"
    DUPLICATE = "duplicate"


DROP_REASON_TEXTS: Mapping[str, str] = {
    DropReason.EVALUATION_ROUND: gettext_noop("from an evaluation round, which compares models"),
    DropReason.HELD_OUT: gettext_noop("on a prompt that is held out for evaluation"),
    DropReason.HELD_OUT_GROUP: gettext_noop("on a prompt too similar to a held-out one"),
    DropReason.PROMPT_WITHDRAWN: gettext_noop("on a prompt that was withdrawn"),
    DropReason.RESPONSE_WITHDRAWN: gettext_noop("on a response that was withdrawn"),
    DropReason.CONSENT_WITHDRAWN: gettext_noop("made under a consent that was withdrawn"),
    DropReason.NO_CONSENT: gettext_noop(
        "by people whose consent now in force does not allow this use"
    ),
    DropReason.PAY_CHECK: gettext_noop(
        "sent much faster than promised, and not cleared for use by a coordinator"
    ),
    DropReason.UNCLEARED_TEXT: gettext_noop(
        "where the prompt or a response may contain personal data and no coordinator has cleared it"
    ),
    DropReason.OPEN_FLAG: gettext_noop("on a response with a report of harm that is not decided"),
    DropReason.UPHELD_HARM: gettext_noop("where the text to learn from was found harmful"),
    DropReason.ALL_HARMFUL: gettext_noop(
        "where people who judged found that the responses could do harm"
    ),
    DropReason.IDENTICAL_TEXT: gettext_noop("where both texts are the same"),
    DropReason.CONTESTED: gettext_noop(
        "where the cohorts clearly prefer opposite responses (listed in contested.jsonl)"
    ),
    DropReason.UNDECIDED: gettext_noop(
        "where the cohorts lean to opposite responses and one has fewer than three votes, too few"
        " to tell (listed in contested.jsonl)"
    ),
    DropReason.COHORTS_DIFFER: gettext_noop("where one cohort finds good what another finds bad"),
    DropReason.EVEN: gettext_noop("where neither response was preferred"),
    DropReason.CYCLE: gettext_noop(
        "where the votes on a prompt form a cycle, so that each response is preferred to the next"
        " (listed in contested.jsonl)"
    ),
    DropReason.BELOW_LEAST_P: gettext_noop("less sure than the least p that was asked for"),
    DropReason.BELOW_LEAST_MARGIN: gettext_noop("weaker than the least margin that was asked for"),
    DropReason.BELOW_LEAST_MEDIAN: gettext_noop(
        "prompts of which no reply has the least median that was asked for in every cohort"
    ),
    DropReason.MIDDLE: gettext_noop("which people found neither good nor bad"),
    DropReason.NOT_REVIEWED: gettext_noop("rewrites that are not reviewed yet"),
    DropReason.HELD_BACK: gettext_noop("rewrites that the review held back"),
    DropReason.UNCHANGED: gettext_noop(
        "rewrites that differ from the response in capitals, spaces or punctuation at most"
    ),
    DropReason.PERSONAL_DATA: gettext_noop("rewrites in which personal data was found"),
    DropReason.DUPLICATE: gettext_noop("records that duplicate another one"),
}
LISTED = (DropReason.CONTESTED, DropReason.UNDECIDED, DropReason.CYCLE)
"""Reasons for which a pair is listed in contested.jsonl, with the votes of each cohort."""
USES: Mapping[str, str] = {
    ReleasePurpose.TRAINING: gettext_noop("training models"),
    ReleasePurpose.EVALUATION: gettext_noop("evaluating models"),
    ReleasePurpose.PUBLICATION: gettext_noop("public release"),
}


PATTERNS = ("*", "?", "[", "::", "$")
"""What `datasets` takes for a pattern, a chain of addresses or a variable in the path of a folder.

Of a folder with `?` it read the files of sibling folders too, without a warning (decision 44).
"""


def folder_problem(folder: Path) -> str | None:
    """Return why `load_dataset` would not read a release in this folder, or None."""
    found = [pattern for pattern in PATTERNS if pattern in str(folder.absolute())]
    if not found:
        return None
    return _(
        "%(folder)s contains %(pattern)s, which the datasets library takes for a pattern: it would"
        " load nothing, or the files of other folders. Name a folder without it."
    ) % {"folder": folder.absolute(), "pattern": found[0]}


def drop_reason_text(reason: str) -> str:
    """Why rows were left out, in the reader's language; completes “12 rows …”."""
    return _(DROP_REASON_TEXTS[reason])


def use_text(purpose: str) -> str:
    """What a release may be used for, in the reader's language."""
    return _(USES[purpose])


def purposes_needed(purpose: str) -> tuple[Purpose, ...]:
    """The consent choices that everybody in a release for that purpose must have granted."""
    return (Purpose.TAKE_PART, Purpose(purpose))


def of_cohort(config: str, cohort: str) -> str:
    """The name of a config for one cohort; without a cohort, the config itself."""
    return f"{config}-{cohort}" if cohort else config


class LeastAsked(NamedTuple):
    """The thresholds that a release asks for: a preference with a lower p or margin is left out.

    Without a median, `sft` contains rewrites alone.
    """

    p: Decimal = LEAST_P[0]
    margin: Decimal = LEAST_MARGIN[0]
    median: Decimal | None = None
    """From which median on, as a share of the scale, the best-rated reply of a prompt is in sft."""


ANY_LEAST = LeastAsked()


def least_problems(least: LeastAsked) -> dict[str, list[str]]:
    """Field → what is wrong with the thresholds that somebody asked for."""
    problems: dict[str, list[str]] = {}
    if not _is_between(least.p, *LEAST_P):
        problems["least_p"] = [_("Must be from 0.5 to below 1, with at most four decimal places.")]
    if not _is_between(least.margin, *LEAST_MARGIN):
        problems["least_margin"] = [_("Must be from 0 to 3, with at most four decimal places.")]
    if least.median is not None and not _is_between(least.median, *LEAST_MEDIAN):
        problems["least_median"] = [_("Must be from 0.5 to 1, with at most four decimal places.")]
    return problems


def _is_between(value: Decimal, least: Decimal, most: Decimal) -> bool:
    try:
        return least <= value <= most and value == round(value, PLACES)
    except InvalidOperation:  # not a number
        return False
