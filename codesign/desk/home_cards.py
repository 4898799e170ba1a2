"""Desk's own steps, cards and links: set-up, handovers, and pages for auditors and safety leads."""

from __future__ import annotations

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.queries import progress, releases, review
from codesign.audit import queries as audit
from codesign.compensation.queries import ledger, pay_rates
from codesign.desk import queries
from codesign.desk.permissions import SEE_AUDIT, SEE_JOBS
from codesign.shared.actors import Actor
from codesign.shared.counts import up_to_most
from codesign.studies import queries as studies
from codesign.studies import registry
from codesign.studies.models import Member
from codesign.studies.permissions import RUN_STUDY
from codesign.studies.rules import STAFF, Role, StudyState
from modelhub.queries import generation, training, versions

AUDITOR = frozenset({Role.AUDITOR})
COORDINATOR = frozenset({Role.COORDINATOR})
SAFETY_LEAD = frozenset({Role.SAFETY_LEAD})


def somebody_else_is_named(member: Member) -> registry.Step | None:
    """Return a step about a requested handover of the study, or None."""
    asked = queries.handovers_of(study_id=member.study_id).waiting()
    if (waiting := asked.first()) is None:
        return None
    return registry.Step(
        says=_(
            "%(who)s requests that %(email)s becomes a coordinator of this study. This takes "
            "effect on %(due)s."
        )
        % {
            "who": waiting.requested_by.email,
            "email": waiting.email,
            "due": date_format(waiting.due_at, "DATETIME_FORMAT"),
        },
        href=reverse("desk:handovers", kwargs={"slug": member.study.slug}),
        label=_("View the request"),
    )


def set_it_up(member: Member) -> registry.Step | None:
    """Return a step with the next missing part of a draft study, or None."""
    if member.study.state != StudyState.DRAFT:
        return None
    gaps = studies.gaps_of(member.study)
    return registry.Step(
        says=_("This study is not open yet. Next: %(gap)s") % {"gap": gaps[0].says}
        if gaps
        else _("Everything is ready. You can open this study."),
        href=reverse("desk:set-up", kwargs={"slug": member.study.slug}),
        label=_("Continue setting up"),
    )


def read_the_trail(member: Member) -> registry.Step:
    """Return the auditor's step."""
    return registry.Step(
        says=_("You can read everything that was done in this study, but not change anything."),
        href=reverse("desk:trail", kwargs={"slug": member.study.slug}),
        label=_("Read the audit trail"),
    )


def what_to_read(member: Member) -> registry.Panel:
    """Return every page that an auditor may open, with the number of its entries."""
    study, actor = member.study, Actor.of(member.user)
    keys = {"slug": study.slug}
    pages = [
        (_("Audit trail"), "desk:trail", audit.events_of(study_id=study.id)),
        (_("Dataset releases"), "annotations:releases", releases.releases_of(study=study)),
        (_("Rounds"), "annotations:rounds", progress.rounds_of(study_id=study.id)),
        (_("Pay rates"), "compensation:rates", pay_rates.rates(study_id=study.id)),
        (
            _("Ledger entries"),
            "compensation:entries",
            ledger.entries_of_study(study_id=study.id),
        ),
        (_("Generation runs"), "modelhub:runs", generation.runs_of(study_id=study.id)),
        (_("Training runs"), "modelhub:training-runs", training.runs_of(actor=actor, study=study)),
        (_("Models"), "modelhub:models", versions.versions_of(study_id=study.id)),
        (
            _("Review decisions"),
            "annotations:review-decided",
            review.decisions(actor=actor, study_id=study.id),
        ),
    ]
    rows = [(title, reverse(name, kwargs=keys), up_to_most(rows)) for title, name, rows in pages]
    return registry.Panel("desk/_reading.html", {"rows": rows})


def seals(member: Member) -> registry.Panel:
    """Return a panel that shows how much of the trail is sealed."""
    return registry.Panel("desk/_seals.html", {"seal": audit.last_seal()})


registry.STEPS.register(
    "handover", registry.StepSource(STAFF, order=0, find=somebody_else_is_named)
)
registry.STEPS.register("set-up", registry.StepSource(COORDINATOR, order=1, find=set_it_up))
registry.STEPS.register("audit trail", registry.StepSource(AUDITOR, order=90, find=read_the_trail))
registry.CARDS.register("what to read", registry.CardSource(AUDITOR, order=5, find=what_to_read))
registry.CARDS.register("audit seals", registry.CardSource(AUDITOR, order=10, find=seals))
registry.NAV.register("jobs", registry.NavLink(gettext_lazy("Jobs"), "desk:jobs", SEE_JOBS, 85))
registry.NAV.register(
    "audit trail", registry.NavLink(gettext_lazy("Audit trail"), "desk:trail", SEE_AUDIT, 90)
)
registry.NAV.register(
    "set-up",
    registry.NavLink(
        gettext_lazy("Set-up"),
        "desk:set-up",
        RUN_STUDY,
        80,
        also=["consent:write", "consent:preview", "annotations:rubrics"],
    ),
)
