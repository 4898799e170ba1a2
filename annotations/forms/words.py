"""Labels of choices on the judging page and the review page."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotations.rules.own_texts import OwnState
from annotations.rules.states import FlagState, MarkLabel, RewriteState
from annotations.rules.text_kinds import Category

Words = str | Promise

CATEGORIES: dict[str, Words] = {
    Category.EDUCATION: _("Education: the person wants to understand something"),
    Category.ASSESSMENT: _("Assessment: the person wants to know how serious it is"),
    Category.INTERVENTION: _("Intervention: the person wants something to change"),
}
SEVERITIES: dict[int, Words] = {
    1: _("It could upset or mislead somebody"),
    2: _("It could do harm"),
    3: _("It could do serious harm"),
}
INTENSITIES: dict[int, Words] = {
    1: _("This text is lighter."),
    2: _("Some of this may be hard to read."),
    3: _("This text is heavy."),
}
MARK_LABELS: dict[str, Words] = {label.value: label.label for label in MarkLabel}
ANSWERED = _("{answered} of {needed} answered")
"""Told in the bar, by the page and by its script."""
CANNOT_RANK = "none"
BOTH_HARMFUL = "harm"
"""The choices that replace a comparison of two replies."""
COMPARISON: dict[str, Words] = {
    "A3": _("A much better"),
    "A2": _("A better"),
    "A1": _("A slightly better"),
    "0": _("Equal"),
    "B1": _("B slightly better"),
    "B2": _("B better"),
    "B3": _("B much better"),
}
OWN_CHOICES: dict[str, Words] = {
    OwnState.PRIVATE: _("Keep it private"),
    OwnState.FREE: _("Allow its use"),
}
YOU_AND_THE_LEAD = _("only you and the safety lead see it")
"""In place of the label of `OwnState.WAITING`, where there is a case."""
DECIDE: dict[str, Words] = {
    RewriteState.ACCEPTED: _("Accept"),
    RewriteState.HELD_BACK: _("Hold back"),
    RewriteState.SENT_BACK: _("Send back to the author"),
    FlagState.UPHELD: _("Uphold"),
    FlagState.DISMISSED: _("Dismiss"),
}
