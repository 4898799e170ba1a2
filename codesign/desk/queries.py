"""Reading across apps: the site's studies with their coordinators, handovers, public studies."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.queries import progress
from annotations.rules.states import Ask
from codesign.audit import queries as audit
from codesign.audit.models import Event
from codesign.care.queries.helplines import recruited_codes
from codesign.care.rules.countries import country_name, language_name
from codesign.compensation.queries import pay_rates
from codesign.compensation.rules.pay_rates import hourly_minor
from codesign.consent import queries as consent
from codesign.enrolment.models import Invitation
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound, NotPermitted
from codesign.studies import queries as studies
from codesign.studies.models import Handover, HandoverQuerySet, Member, Study
from codesign.studies.rules import Role, StudyState

MOST_AT_ONCE = 100
OF_STAFF = (
    "studies.staff_stopped",
    "studies.staff_opened",
    "desk.handover_asked",
    "desk.handover_approved",
    "desk.handover_moved",
)


def studies_of_site(*, actor: Actor) -> QuerySet[Study]:
    """Return every study, newest first, with its `coordinators`, `invited` and `waiting`.

    For site admins, who hand studies over; nothing that was done in a study is included. 4 queries.
    """
    if not actor.is_site_admin:
        raise NotPermitted(_("Only a site admin can do this."))
    running = Member.objects.in_charge(Role.COORDINATOR)
    invited = Invitation.objects.open().filter(roles__contains=[Role.COORDINATOR])
    return Study.objects.prefetch_related(
        Prefetch("members", running.select_related("user"), to_attr="coordinators"),
        Prefetch("invitations", invited.order_by("created_at"), to_attr="invited"),
        Prefetch("handovers", Handover.objects.waiting(), to_attr="waiting"),
    ).order_by("-created_at", "id")


def study_of_site(*, actor: Actor, slug: str) -> Study:
    """Return one study of the site. Raises NotFound."""
    study = studies_of_site(actor=actor).filter(slug=slug).first()
    if study is None:
        raise NotFound(_("This study does not exist."))
    return study


def draft_like(*, actor: Actor, slug: str, email: str, details: Mapping[str, str]) -> Study | None:
    """Return the draft study with these details that was handed to that address, or None."""
    alike = studies_of_site(actor=actor).filter(slug=slug, state=StudyState.DRAFT, **details)
    for study in alike:
        handed_to = {member.user.email for member in study.coordinators}  # type: ignore[attr-defined]
        handed_to |= {invitation.email for invitation in study.invited}  # type: ignore[attr-defined]
        if email.lower() in {address.lower() for address in handed_to}:
            return study
    return None


def handovers_of(*, study_id: uuid.UUID) -> HandoverQuerySet:
    """Return all handover requests of a study, newest first, with who asked."""
    return Handover.objects.filter(study_id=study_id).select_related("requested_by", "decided_by")


def handover(*, handover_id: uuid.UUID) -> Handover:
    """Return one handover request, for services that check the actor. Raises NotFound."""
    requests = Handover.objects.select_related("study", "requested_by", "decided_by")
    request = requests.filter(id=handover_id).first()
    if request is None:
        raise NotFound
    return request


def handover_of_site(*, actor: Actor, handover_id: uuid.UUID) -> Handover:
    """Return one handover request, for a site admin."""
    if not actor.is_site_admin:
        raise NotPermitted(_("Only a site admin can do this."))
    return handover(handover_id=handover_id)


def handovers_waiting(*, actor: Actor) -> QuerySet[Handover]:
    """Return open handover requests for a site admin, earliest due date first."""
    if not actor.is_site_admin:
        return Handover.objects.none()
    waiting = Handover.objects.waiting()
    return waiting.select_related("study", "requested_by").order_by("due_at", "id")


def handovers_to_decide() -> list[uuid.UUID]:
    """Return the ids of open handover requests, earliest due date first."""
    waiting = Handover.objects.waiting()
    return list(waiting.order_by("due_at").values_list("id", flat=True)[:MOST_AT_ONCE])


def changes_of_staff(*, study_id: uuid.UUID) -> QuerySet[Event]:
    """Return events about a study's staff: accounts deactivated or reactivated, and handovers."""
    return audit.events_of(study_id=study_id).filter(action__in=OF_STAFF)


@dataclass(frozen=True, slots=True)
class Group:
    """What one cohort is asked, and the pay that it is promised (a panel of compensation)."""

    title: str
    asks: Sequence[str]
    pay: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """A study as its public page shows it. `points` is the key information of its consent text."""

    study: Study
    groups: Sequence[Group]
    languages: Sequence[str]
    countries: Sequence[str]
    points: Sequence[str]


def about_public_study(*, slug: str, language: str) -> About:
    """Return a public study, with what its consent text says first in that language, if it does.

    A constant number of queries. Raises NotFound, the same for a study that is not public as for
    one that does not exist.
    """
    study = studies.public_studies().filter(slug=slug).first()
    if study is None:
        raise NotFound
    version = consent.current_version(study_id=study.id, language=language)
    return About(
        study=study,
        groups=_groups(study),
        languages=[language_name(code) for code in consent.languages(study_id=study.id)],
        countries=[country_name(code) for code in recruited_codes(study_id=study.id)],
        points=version.content["key_information"] if version else [],
    )


def _groups(study: Study) -> list[Group]:
    plans = progress.plans_for_judging(study_id=study.id)
    rates = pay_rates.rates_in_force(study_id=study.id, at=timezone.now())
    groups = []
    for cohort in studies.cohorts_of(study_id=study.id):
        plan, rate = plans.get(cohort.id), rates.get(cohort.id)
        hourly = rate and hourly_minor(
            amount_minor=rate.amount_minor, estimated_seconds=rate.estimated_seconds
        )
        asks = [str(ask.label) for ask in map(Ask, plan.asks if plan else ())]
        groups.append(Group(cohort.title, asks, {"rate": rate, "hourly": hourly}))
    return groups
