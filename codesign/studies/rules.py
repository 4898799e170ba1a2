"""Roles, and which of them exclude each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from django.db.models import TextChoices
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
    """A study takes judgements while it is open."""

    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


STUDY_STATES = Transitions.of(
    "study",
    {"draft": ["open"], "open": ["paused", "closed"], "paused": ["open", "closed"], "closed": []},
)


class HandoverState(StrEnum):
    """A site admin's choice of a coordinator for a study that people are in already."""

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
"""All that may have happened in a study that nobody has been in."""


def approver_problem(
    *, is_requester: bool, is_named: bool, admin_for: timedelta, wait: timedelta, reopened: bool
) -> str | None:
    """Why this site admin may not approve a handover; None where they may.

    Somebody who was made a site admin, or let in again, shortly before could be the requester in
    another name: `admin_for` is how long they were one when it was asked for.
    """
    if is_requester:
        return "Somebody else has to approve this: you asked for it."
    if is_named:
        return "Somebody else has to approve this: you are the one who is named."
    if admin_for < wait or reopened:
        return "You have not been a site admin for long enough to approve this. You can object."
    return None


def role_problem(roles: Iterable[str]) -> str | None:
    """Why these roles cannot be one person's in one study; None where they can.

    Whoever judges must not run the study or see models: judging roles stand alone.
    """
    held = set(roles)
    if not held:
        return "Choose a role."
    if held - set(Role):
        return "One of these roles is not known."
    if held & JUDGING and len(held) > 1:
        return "Somebody who judges in a study cannot hold another role in it."
    return None
