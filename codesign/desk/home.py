"""What stands on a person's home: steps and cards that the apps offered for their roles."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.studies.models import Member
from codesign.studies.registry import CARDS, NAV, STEPS, NavLink, Panel, Place, Step
from codesign.studies.rules import JUDGING


@dataclass(frozen=True)
class Home:
    """One member's home."""

    judges: bool
    steps: list[Step]
    side: list[Panel]
    wide: list[Panel]


def home_of(member: Member) -> Home:
    """Ask every app for what it has; who judges gets one step, staff all that wait for them."""
    roles = set(member.roles)
    judges = bool(roles & JUDGING)
    steps: list[Step] = []
    for source in sorted((s for _, s in STEPS if s.roles & roles), key=lambda s: s.order):
        if step := source.find(member):
            steps.append(step)
            if judges:
                break
    side: list[Panel] = []
    wide: list[Panel] = []
    for card in sorted((c for _, c in CARDS if c.roles & roles), key=lambda c: c.order):
        if panel := card.find(member):
            (wide if card.place is Place.WIDE else side).append(panel)
    return Home(judges=judges, steps=steps, side=side, wide=wide)


def nav_of(member: Member) -> list[NavLink]:
    """The header's links for a member: the pages that their roles may open."""
    links = (link for _, link in NAV if member.has_role(*link.permission.roles))
    return sorted(links, key=lambda link: link.order)
