"""Roles, states of studies and handovers, and who may approve a handover."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from codesign.shared.states import Transitions


class Role(TextChoices):
    """A person's role in a study."""

    PANELIST = "panelist", _("panelist")
    CLINICIAN = "clinician", _("clinician")
    COORDINATOR = "coordinator", _("coordinator")
    SAFETY_LEAD = "safety_lead", _("safety lead")
    ML_ENGINEER = "ml_engineer", _("ML engineer")
    AUDITOR = "auditor", _("auditor")


JUDGING = frozenset({Role.PANELIST, Role.CLINICIAN})
STAFF = frozenset(Role) - JUDGING


class StudyState(StrEnum):
    """The state of a study. It accepts judgements only while it is open."""

    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


STUDY_STATES = Transitions.of(
    "study",
    {"draft": ["open"], "open": ["paused", "closed"], "paused": ["open", "closed"], "closed": []},
)


class HandoverState(StrEnum):
    """The state of a request to make a person coordinator of a study that has had members."""

    WAITING = "waiting"
    DONE = "done"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"  # it could not be done


HANDOVER_STATES = Transitions.of(
    "handover",
    {
        "waiting": ["done", "objected", "withdrawn", "ended"],
        "done": [],
        "objected": [],
        "withdrawn": [],
        "ended": [],
    },
)
BEFORE_ANYBODY = frozenset({"studies.made", "enrolment.invited", "enrolment.revoked"})
"""The only actions that can happen in a study before its first member joins."""


def approver_problem(
    *, is_requester: bool, is_named: bool, admin_for: timedelta, wait: timedelta, reopened: bool
) -> str | None:
    """Return why this site admin may not approve a handover, or None.

    A person who became a site admin, or was reactivated, shortly before the request could be the
    requester under another name. `admin_for` is how long they had been one when it was made.
    """
    if is_requester:
        return gettext("You made this request, so somebody else has to approve it.")
    if is_named:
        return gettext("You are named in this request, so somebody else has to approve it.")
    if admin_for < wait or reopened:
        return gettext(
            "You have not been a site admin for long enough to approve this. You can object."
        )
    return None


def role_problem(roles: Iterable[str]) -> str | None:
    """Return why one person cannot hold these roles in one study, or None.

    Panelists and clinicians must not run the study or see models, so these roles stand alone.
    """
    held = set(roles)
    if not held:
        return gettext("Choose a role.")
    if held - set(Role):
        return gettext("One of these roles is unknown.")
    if held & JUDGING and len(held) > 1:
        return gettext("Panelists and clinicians cannot hold another role in the same study.")
    return None
