"""What enrolment adds to the coordinator's home and header."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codesign.enrolment import queries
from codesign.studies.models import Member
from codesign.studies.permissions import MANAGE_PEOPLE
from codesign.studies.registry import NAV, STEPS, NavLink, Step, StepSource


def not_here_yet(member: Member) -> Step | None:
    """How many invitations wait, where any does."""
    count = queries.waiting(study_id=member.study_id).count()
    if not count:
        return None
    return Step(
        says=ngettext(
            "%(n)d person was invited and is not here yet",
            "%(n)d people were invited and are not here yet",
            count,
        )
        % {"n": count},
        href=reverse("enrolment:people", kwargs={"slug": member.study.slug}),
        label=_("People"),
    )


STEPS.register("people", StepSource(MANAGE_PEOPLE.roles, order=80, find=not_here_yet))
NAV.register("people", NavLink(gettext_lazy("People"), "enrolment:people", MANAGE_PEOPLE, 10))
