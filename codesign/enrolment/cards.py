"""What enrolment adds to the coordinator's home and header."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codesign.enrolment import queries
from codesign.studies.models import Member
from codesign.studies.permissions import MANAGE_PEOPLE
from codesign.studies.registry import NAV, STEPS, NavLink, Step, StepSource


def people_to_add(member: Member) -> Step:
    """How many invitations wait, and the way to the people."""
    count = queries.waiting(study_id=member.study_id).count()
    waiting = ngettext("%(n)d invitation waits", "%(n)d invitations wait", count) % {"n": count}
    return Step(
        says=_("%(waiting)s to be accepted") % {"waiting": waiting}
        if count
        else _("Nobody is waiting to join"),
        href=reverse("enrolment:people", kwargs={"slug": member.study.slug}),
        label=_("People"),
    )


STEPS.register("people", StepSource(MANAGE_PEOPLE.roles, order=80, find=people_to_add))
NAV.register("people", NavLink(gettext_lazy("People"), "enrolment:people", MANAGE_PEOPLE, 10))
