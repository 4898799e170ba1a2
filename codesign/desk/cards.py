"""What desk itself adds to homes and header: the way to the audit trail."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.audit import queries as audit
from codesign.desk.permissions import SEE_AUDIT
from codesign.studies.models import Member
from codesign.studies.registry import (
    CARDS,
    NAV,
    STEPS,
    CardSource,
    NavLink,
    Panel,
    Step,
    StepSource,
)
from codesign.studies.rules import Role

AUDITOR = frozenset({Role.AUDITOR})


def read_the_trail(member: Member) -> Step:
    """The auditor's one way on."""
    return Step(
        says=_("You can read everything that was done in this study. You cannot change any of it."),
        href=reverse("desk:trail", kwargs={"slug": member.study.slug}),
        label=_("Read the audit trail"),
    )


def seals(member: Member) -> Panel:
    """How much of the trail is sealed, so that a change would show."""
    return Panel("desk/_seals.html", {"seal": audit.last_seal()})


def safety(member: Member) -> Panel:
    """What the safety lead sees today, said honestly."""
    return Panel("desk/_safety.html", {"study": member.study})


STEPS.register("audit trail", StepSource(AUDITOR, order=0, find=read_the_trail))
CARDS.register("audit seals", CardSource(AUDITOR, order=10, find=seals))
CARDS.register("safety", CardSource(frozenset({Role.SAFETY_LEAD}), order=10, find=safety))
NAV.register("audit trail", NavLink(gettext_lazy("Audit trail"), "desk:trail", SEE_AUDIT, 90))
