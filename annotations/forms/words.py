"""The words that forms about judgements use, on the judging and on the review page."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotations.rules.own_texts import OwnState
from annotations.rules.states import FlagState, RewriteState
from annotations.rules.text_kinds import Category

Words = str | Promise

CATEGORIES: dict[str, Words] = {
    Category.EDUCATION: _("Education: somebody wants to understand"),
    Category.ASSESSMENT: _("Assessment: somebody wants to know how bad it is"),
    Category.INTERVENTION: _("Intervention: somebody wants something to change"),
}
SEVERITIES: dict[int, Words] = {
    1: _("It could upset or mislead somebody"),
    2: _("It could do harm"),
    3: _("It could do serious harm"),
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
