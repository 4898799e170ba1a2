"""Home pages: the steps and cards that apps register for each role."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from codesign.studies.models import Member
from codesign.studies.registry import CARDS, NAV, STEPS, NavLink, Panel, Place, Step
from codesign.studies.rules import JUDGING, Role


@dataclass(frozen=True)
class Home:
    """A member's home page."""

    judges: bool
    title: str
    steps: list[Step]
    side: list[Panel]
    wide: list[Panel]

    @property
    def next(self) -> Step | None:
        """Return the first step with a link; its button is the page's main action."""
        return next((step for step in self.steps if step.href), None)


def home_of(member: Member) -> Home:
    """Return the home page of a member. Panelists get one step, staff get all open steps."""
    roles = set(member.roles)
    judges = bool(roles & JUDGING)
    steps: list[Step] = []
    for source in sorted((s for _name, s in STEPS if s.roles & roles), key=lambda s: s.order):
        if step := source.find(member):
            steps.append(step)
            if judges:
                break
    side: list[Panel] = []
    wide: list[Panel] = []
    for card in sorted((c for _name, c in CARDS if c.roles & roles), key=lambda c: c.order):
        if panel := card.find(member):
            (wide if card.place is Place.WIDE else side).append(panel)
    return Home(judges=judges, title=title_of(roles), steps=steps, side=side, wide=wide)


def title_of(roles: Collection[str]) -> str:
    """Return the heading of a home page, which depends on what the person's roles do."""
    if {Role.COORDINATOR, Role.ML_ENGINEER} & set(roles):
        return _("To do today")
    if Role.SAFETY_LEAD in roles:
        return _("Safety in this study")
    if Role.AUDITOR in roles:
        return _("What you can read here")
    return _("Welcome")


def nav_of(member: Member) -> list[NavLink]:
    """Return the links of the header: the pages that the member's roles may open."""
    links = (link for _name, link in NAV if member.has_role(*link.permission.roles))
    return sorted(links, key=lambda link: link.order)
