"""Roles, and which of them exclude each other."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from codesign.shared.states import Transitions

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Role(StrEnum):
    """What somebody is in a study."""

    PANELIST = "panelist"
    CLINICIAN = "clinician"
    COORDINATOR = "coordinator"
    SAFETY_LEAD = "safety_lead"
    ML_ENGINEER = "ml_engineer"
    AUDITOR = "auditor"


ROLE_WORDS: dict[str, _StrPromise] = {
    Role.PANELIST: _("panelist"),
    Role.CLINICIAN: _("clinician"),
    Role.COORDINATOR: _("coordinator"),
    Role.SAFETY_LEAD: _("safety lead"),
    Role.ML_ENGINEER: _("ML engineer"),
    Role.AUDITOR: _("auditor"),
}
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
