"""Helplines on home pages and in the navigation."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.care.permissions import HELPLINES
from codesign.care.queries import helplines as queries
from codesign.care.rules.countries import country_name
from codesign.care.rules.helplines import due_words
from codesign.studies.models import Member
from codesign.studies.registry import NAV, STEPS, NavLink, Step, StepSource
from codesign.studies.rules import StudyState


def lines_to_verify(member: Member) -> Step | None:
    """Return a step if lines were verified more than 90 days ago, or None."""
    due = queries.lines_due(study_id=member.study_id)
    if not due:
        return None
    return _step(member, due_words(due))


def no_lines(member: Member) -> Step | None:
    """Return a warning if an open study lacks countries, or lines in one, or None.

    Only a study that opened before countries were asked for can lack them.
    """
    if member.study.state != StudyState.OPEN:
        return None
    if not queries.recruited_codes(study_id=member.study_id):
        return _step(member, _("Name the countries in which this study recruits."))
    lacking = queries.codes_without_line(study_id=member.study_id)
    if not lacking:
        return None
    countries = ", ".join(map(country_name, lacking))
    return _step(member, _("Add and verify a crisis line: %(country)s.") % {"country": countries})


def _step(member: Member, says: str) -> Step:
    href = reverse("care:helplines", kwargs={"slug": member.study.slug})
    return Step(says=says, href=href, label=_("Helplines"))


STEPS.register("helplines missing", StepSource(HELPLINES.roles, order=2, find=no_lines))
STEPS.register("helplines due", StepSource(HELPLINES.roles, order=30, find=lines_to_verify))
NAV.register("helplines", NavLink(gettext_lazy("Helplines"), "care:helplines", HELPLINES, 82))
