"""What stands on a person's home: steps and cards that the apps offered for their roles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from codesign.studies.models import Member
from codesign.studies.registry import CARDS, NAV, STEPS, NavLink, Panel, Place, Step
from codesign.studies.rules import JUDGING, Role


@dataclass(frozen=True)
class Home:
    """One member's home."""

    judges: bool
    title: str
    steps: list[Step]
    side: list[Panel]
    wide: list[Panel]

    @property
    def next(self) -> Step | None:
        """The first step that leads somewhere: its button is the page's one way on."""
        return next((step for step in self.steps if step.href), None)


def home_of(member: Member) -> Home:
    """Ask every app for what it has; who judges gets one step, staff all that wait for them."""
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
    """What a home is headed with: who has things to do is told so, who reads and watches is not."""
    if {Role.COORDINATOR, Role.ML_ENGINEER} & set(roles):
        return _("What needs you today")
    if Role.SAFETY_LEAD in roles:
        return _("Safety in this study")
    if Role.AUDITOR in roles:
        return _("What you can read here")
    return _("Welcome")


def nav_of(member: Member) -> list[NavLink]:
    """The header's links for a member: the pages that their roles may open."""
    links = (link for _name, link in NAV if member.has_role(*link.permission.roles))
    return sorted(links, key=lambda link: link.order)
