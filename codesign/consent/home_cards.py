"""Consent on the home page of panelists and clinicians."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.consent import queries, rules
from codesign.studies.models import Member
from codesign.studies.registry import CARDS, STEPS, CardSource, Panel, Step, StepSource
from codesign.studies.rules import JUDGING, Role

VERSIONS_SHOWN = 10
WORDS = {
    queries.ConsentState.NOT_SIGNED: gettext_lazy(
        "Before you start, read about the study: what it is, what it pays, and what may be done "
        "with your answers. You choose."
    ),
    queries.ConsentState.TO_SIGN_AGAIN: gettext_lazy(
        "The consent text has changed. Please read it again. Until you sign it, you get no tasks "
        "and your answers are not used in anything new."
    ),
    queries.ConsentState.LEFT: gettext_lazy(
        "You have left this study, so you get no tasks. If you want to come back, you can read "
        "about the study again."
    ),
}


def read_first(member: Member) -> Step | None:
    """Return the step to read and sign, until the consent is in force."""
    state = queries.state_of(member_id=member.id)
    if state == queries.ConsentState.SIGNED:
        return None
    return Step(
        says=str(WORDS[state]),
        href=reverse("consent:read", kwargs={"slug": member.study.slug}),
        label=_("Read about the study"),
    )


def your_choices(member: Member) -> Panel | None:
    """Return a panel with the person's choices and a link to change them."""
    record = queries.record_in_force(member_id=member.id)
    if record is None:
        return None
    granted = queries.choices_of(record_id=record.id)
    optional = [c for c in record.version.content["choices"] if c["purpose"] in rules.OPTIONAL]
    yes = [choice["title"] for choice in optional if granted.get(choice["purpose"])]
    return Panel(
        "consent/_your_choices.html",
        {
            "study": member.study,
            "yes": yes,
            "no": len(optional) - len(yes),
            "language": record.version.language,
        },
    )


def published(member: Member) -> Panel:
    """Return a panel with the published texts, newest first. Auditors also see their hashes."""
    context = {
        "versions": list(queries.versions(study_id=member.study_id)[:VERSIONS_SHOWN]),
        "study": member.study,
        "exact": member.has_role(Role.AUDITOR),
    }
    return Panel("consent/_versions.html", context)


STEPS.register("consent", StepSource(frozenset(JUDGING), order=0, find=read_first))
CARDS.register("consent", CardSource(frozenset(JUDGING), order=20, find=your_choices))
CARDS.register(
    "consent versions",
    CardSource(frozenset({Role.COORDINATOR, Role.AUDITOR}), order=50, find=published),
)
