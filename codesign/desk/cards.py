"""What desk itself adds to homes and header: the way to the audit trail."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.audit import queries as audit
from codesign.desk.permissions import SEE_AUDIT
from codesign.studies import registry
from codesign.studies.models import Member
from codesign.studies.rules import Role

AUDITOR = frozenset({Role.AUDITOR})


def read_the_trail(member: Member) -> registry.Step:
    """The auditor's one way on."""
    return registry.Step(
        says=_("You can read everything that was done in this study. You cannot change any of it."),
        href=reverse("desk:trail", kwargs={"slug": member.study.slug}),
        label=_("Read the audit trail"),
    )


def seals(member: Member) -> registry.Panel:
    """How much of the trail is sealed, so that a change would show."""
    return registry.Panel("desk/_seals.html", {"seal": audit.last_seal()})


def safety(member: Member) -> registry.Panel:
    """What the safety lead sees today, said honestly."""
    return registry.Panel("desk/_safety.html", {"study": member.study})


registry.STEPS.register("audit trail", registry.StepSource(AUDITOR, order=0, find=read_the_trail))
registry.CARDS.register("audit seals", registry.CardSource(AUDITOR, order=10, find=seals))
registry.CARDS.register(
    "safety", registry.CardSource(frozenset({Role.SAFETY_LEAD}), order=10, find=safety)
)
registry.NAV.register(
    "audit trail", registry.NavLink(gettext_lazy("Audit trail"), "desk:trail", SEE_AUDIT, 90)
)
