"""Enrolment on the coordinator's home page and in the navigation."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codesign.enrolment import queries
from codesign.studies.models import Member
from codesign.studies.permissions import MANAGE_PEOPLE
from codesign.studies.queries import in_charge
from codesign.studies.registry import NAV, STEPS, NavLink, Step, StepSource
from codesign.studies.rules import Role, StudyState


def not_here_yet(member: Member) -> Step | None:
    """Return a step with the number of open invitations, or None."""
    count = queries.waiting(study_id=member.study_id).count()
    if not count:
        return None
    return Step(
        says=ngettext(
            "%(n)d invited person has not joined yet",
            "%(n)d invited people have not joined yet",
            count,
        )
        % {"n": count},
        href=reverse("enrolment:people", kwargs={"slug": member.study.slug}),
        label=_("People"),
    )


def who_asks(member: Member) -> Step | None:
    """Return a step with the number of people who ask to take part, or None."""
    count = queries.place_requests(study_id=member.study_id).count()
    if not count:
        return None
    return Step(
        says=ngettext("%(n)d person asks to take part", "%(n)d people ask to take part", count)
        % {"n": count},
        href=reverse("enrolment:people", kwargs={"slug": member.study.slug}),
        label=_("People"),
    )


def no_safety_lead(member: Member) -> Step | None:
    """Return a warning if an open study has no safety lead who can sign in."""
    study = member.study
    if study.state != StudyState.OPEN:
        return None
    if in_charge(study_id=study.id, role=Role.SAFETY_LEAD).exists():
        return None
    return Step(
        says=_(
            "This study is open but has no safety lead, so nobody would act if a person is in"
            " distress. Name one now, or pause the study under Rounds."
        ),
        href=reverse("enrolment:people", kwargs={"slug": study.slug}),
        label=_("Name a safety lead"),
    )


STEPS.register("safety lead", StepSource(MANAGE_PEOPLE.roles, order=0, find=no_safety_lead))
STEPS.register("requests", StepSource(MANAGE_PEOPLE.roles, order=25, find=who_asks))
STEPS.register("people", StepSource(MANAGE_PEOPLE.roles, order=80, find=not_here_yet))
NAV.register("people", NavLink(gettext_lazy("People"), "enrolment:people", MANAGE_PEOPLE, 10))
