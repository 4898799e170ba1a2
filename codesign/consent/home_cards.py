"""What consent shows on the home of people who judge."""

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
        "First there is a text to read: what this study is, what it pays, and what may be done "
        "with your answers. You choose."
    ),
    queries.ConsentState.TO_SIGN_AGAIN: gettext_lazy(
        "The text that you signed has changed. Please read it again; until you sign, nothing is "
        "asked of you and nothing new is done with your answers."
    ),
    queries.ConsentState.LEFT: gettext_lazy(
        "You have left this study, and nothing is asked of you. If you would like to come back, "
        "you can read the text again."
    ),
}


def read_first(member: Member) -> Step | None:
    """Reading comes before everything else, until the consent is in force."""
    state = queries.state_of(member_id=member.id)
    if state == queries.ConsentState.SIGNED:
        return None
    return Step(
        says=str(WORDS[state]),
        href=reverse("consent:read", kwargs={"slug": member.study.slug}),
        label=_("Read the text"),
    )


def your_choices(member: Member) -> Panel | None:
    """What was agreed to, and the way to change it."""
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
    """The texts that people sign, newest first; for an auditor with their fingerprints."""
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
