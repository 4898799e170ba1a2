"""The words that forms about judgements use, on the judging and on the review page."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotations.rules.own_texts import OwnKind, OwnState
from annotations.rules.states import Ask, FlagState, Harm, RewriteState, SkipReason
from annotations.rules.text_kinds import Category

Words = str | Promise

CATEGORIES: dict[str, Words] = {
    Category.EDUCATION: _("Education: somebody wants to understand"),
    Category.ASSESSMENT: _("Assessment: somebody wants to know how bad it is"),
    Category.INTERVENTION: _("Intervention: somebody wants something to change"),
}
ASKS: dict[str, Words] = {
    Ask.RATING: _("Rate every reply"),
    Ask.RANKING: _("Say which is better"),
    Ask.REWRITE: _("Rewrite a reply"),
    Ask.FLAG: _("Report harm"),
}
"""What the judging page can ask for; marking passages is asked for through the API alone."""
HARMS: dict[str, Words] = {
    Harm.POOR_CRISIS_HANDLING: _("Handles danger badly"),
    Harm.METHOD_INFORMATION: _("Tells of ways to come to harm"),
    Harm.DIAGNOSING: _("Says what illness somebody has"),
    Harm.DISCRIMINATION: _("Looks down on a group of people"),
    Harm.DECEPTIVE_EMPATHY: _("Pretends to feel, or to be a person"),
    Harm.IGNORES_CONTEXT: _("Passes over what was said"),
    Harm.POOR_COLLABORATION: _("Tells them what to do, without them"),
    Harm.SYCOPHANCY: _("Agrees only to please"),
    Harm.DEPENDENCY: _("Makes them lean on the program"),
    Harm.OTHER: _("Something else"),
}
SEVERITIES: dict[int, Words] = {
    1: _("It could upset or mislead somebody"),
    2: _("It could do harm"),
    3: _("It could do serious harm"),
}
SKIPS: dict[str, Words] = {
    SkipReason.NOT_TODAY: _("Not today"),
    SkipReason.TOO_CLOSE: _("Too close to home"),
    SkipReason.DONT_KNOW: _("I cannot judge this one"),
    SkipReason.OTHER: _("Another reason"),
}
INTENSITIES: dict[int, Words] = {
    1: _("A lighter one."),
    2: _("Some of this may be hard to read."),
    3: _("A heavy one."),
}
BOTH_HARMFUL = "harm"
"""The value, among those of a comparison of two, that takes the place of one."""
COMPARISON: dict[str, Words] = {
    "A3": _("A much better"),
    "A2": _("A better"),
    "A1": _("A slightly better"),
    "0": _("Equal"),
    "B1": _("B slightly better"),
    "B2": _("B better"),
    "B3": _("B much better"),
}
REWRITE_STATES: dict[str, Words] = {
    RewriteState.PENDING: _("waiting"),
    RewriteState.ACCEPTED: _("accepted"),
    RewriteState.HELD_BACK: _("held back"),
}
FLAG_STATES: dict[str, Words] = {
    FlagState.REPORTED: _("waiting"),
    FlagState.TRIAGED: _("looked at once"),
    FlagState.UPHELD: _("upheld"),
    FlagState.DISMISSED: _("dismissed"),
}
OWN_KINDS: dict[str, Words] = {
    OwnKind.REWRITE: _("Your version of a reply"),
    OwnKind.COMMENT: _("Your comment"),
    OwnKind.HIGHLIGHTS: _("Your words beside what you marked"),
    OwnKind.FLAG_NOTE: _("Your words in a report"),
    OwnKind.SKIP_NOTE: _("Your words when you skipped a text"),
    OwnKind.REVIEW_NOTE: _("Your note in a review"),
}
OWN_STATES: dict[str, Words] = {
    OwnState.WAITING: _("only you see it"),
    OwnState.PRIVATE: _("you keep it private"),
    OwnState.FREE: _("may be used"),
}
OWN_CHOICES: dict[str, Words] = {
    OwnState.PRIVATE: _("Keep it private"),
    OwnState.FREE: _("It may be used"),
}
DECIDE: dict[str, Words] = {
    RewriteState.ACCEPTED: _("Accept"),
    RewriteState.HELD_BACK: _("Hold back"),
    FlagState.UPHELD: _("Uphold"),
    FlagState.DISMISSED: _("Dismiss"),
}
