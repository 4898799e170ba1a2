"""Rejections and appeals, for the staff of a study and for the person concerned."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from codesign.accounts import queries as accounts
from codesign.compensation.models import Appeal, RejectedWork, Rejection
from codesign.compensation.rules.rejections import (
    APPEAL_WITHIN,
    AUTO_APPROVAL,
    AppealState,
    RejectionState,
    appeal_decider_problem,
    confirm_problem,
)
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound
from codesign.studies import queries as studies
from codesign.studies.models import Member
from codesign.studies.rules import Role

NEWEST = ("-created_at", "-id")
LATEST = 50
"""Rejections on a person's page. Each can hold hundreds of pieces."""


@dataclass(frozen=True)
class ShownRejection:
    """A rejection with its pieces of work, and the appeal against it."""

    rejection: Rejection
    works: list[RejectedWork] = field(default_factory=list)
    appeal: Appeal | None = None

    @property
    def pay(self) -> list[tuple[int, str]]:
        """Return (minor units, currency) that it takes away."""
        sums: dict[str, int] = {}
        for work in self.works:
            sums[work.currency] = sums.get(work.currency, 0) + work.amount_minor
        return [(minor, currency) for currency, minor in sorted(sums.items())]

    @property
    def first_done_at(self) -> datetime:
        """Return when the earliest of its work was done."""
        return min(work.done_at for work in self.works)

    @property
    def confirm_until(self) -> datetime:
        """Return when the last of its work is approved by time, so that nothing can be rejected."""
        return max(work.done_at for work in self.works) + AUTO_APPROVAL

    @property
    def appeal_until(self) -> datetime | None:
        """Return until when the person can appeal."""
        confirmed_at = self.rejection.confirmed_at
        return confirmed_at and confirmed_at + APPEAL_WITHIN


def shown(rejections: Iterable[Rejection]) -> list[ShownRejection]:
    """Return rejections with their work and appeals; two queries."""
    rows = list(rejections)
    works: dict[uuid.UUID, list[RejectedWork]] = {row.id: [] for row in rows}
    for work in RejectedWork.objects.filter(rejection__in=rows).order_by("done_at", "id"):
        works[work.rejection_id].append(work)
    for rejection_id, own in works.items():  # of one that ended without effect, show what it was
        works[rejection_id] = [work for work in own if work.counts] or own
    appeals = {appeal.rejection_id: appeal for appeal in Appeal.objects.filter(rejection__in=rows)}
    return [ShownRejection(row, works[row.id], appeals.get(row.id)) for row in rows]


def of_study(*, study_id: uuid.UUID) -> QuerySet[Rejection]:
    """Return the rejections of a study, newest first."""
    rows = Rejection.objects.filter(study_id=study_id)
    return rows.select_related("member").order_by(*NEWEST)


def one_of_study(*, study_id: uuid.UUID, rejection_id: uuid.UUID) -> ShownRejection:
    """Return a rejection of a study. Raises NotFound."""
    rows = of_study(study_id=study_id).select_related(
        "member", "proposed_by__user", "confirmed_by__user"
    )
    found = shown(rows.filter(id=rejection_id))
    if not found:
        raise NotFound(_("This study has no such rejection."))
    return found[0]


def of_person(*, actor: Actor, member: Member) -> list[ShownRejection]:
    """Return the latest rejections that took pay from a person, for them alone; newest first."""
    if member.user_id != actor.user_id:
        raise NotFound
    rows = Rejection.objects.ever_confirmed().filter(member=member).order_by(*NEWEST)
    return shown(rows[:LATEST])


def one_of_person(*, actor: Actor, member: Member, rejection_id: uuid.UUID) -> ShownRejection:
    """Return a rejection that took pay from a person, for them alone. Raises NotFound."""
    if member.user_id != actor.user_id:
        raise NotFound
    rows = Rejection.objects.ever_confirmed().filter(member=member, id=rejection_id)
    if found := shown(rows):
        return found[0]
    raise NotFound(_("You have no such entry."))


def coordinators(*, study_id: uuid.UUID) -> list[Member]:
    """Return the coordinators of a study who can sign in. One query."""
    found = studies.in_charge(study_id=study_id, role=Role.COORDINATOR)
    return list(found.select_related("user"))


def why_not_confirm(*, member: Member, rejection: Rejection) -> str | None:
    """Return why this coordinator cannot confirm a rejection, or None."""
    proposer = rejection.proposed_by
    return confirm_problem(
        proposed=proposer.user_id == member.user_id,
        same_person=accounts.are_one(proposer.user, member.user),
    )


def why_not_decide(*, member: Member, rejection: Rejection) -> str | None:
    """Return why this member of the staff cannot decide the appeal, or None."""
    return appeal_decider_problem(
        involved=_took_part(member, rejection),
        coordinates=member.has_role(Role.COORDINATOR),
        others=bool(_not_involved(rejection)),
    )


def _took_part(member: Member, rejection: Rejection) -> bool:
    """Return whether somebody proposed or confirmed a rejection, maybe with another account."""
    both = (rejection.proposed_by, rejection.confirmed_by)
    return any(accounts.are_one(one.user, member.user) for one in both if one)


def _not_involved(rejection: Rejection) -> list[Member]:
    found = coordinators(study_id=rejection.study_id)
    return [one for one in found if not _took_part(one, rejection)]


def deciders(*, rejection: Rejection) -> list[Member]:
    """Return who can decide an appeal now: coordinators who took no part, else auditors."""
    if found := _not_involved(rejection):
        return found
    auditors = studies.in_charge(study_id=rejection.study_id, role=Role.AUDITOR)
    return [one for one in auditors.select_related("user") if not _took_part(one, rejection)]


def to_confirm(*, member: Member) -> int:
    """Return how many proposals of other coordinators wait in a study."""
    rows = Rejection.objects.proposed().filter(study_id=member.study_id)
    return rows.exclude(proposed_by=member).count()


def to_decide(*, member: Member) -> int:
    """Return how many appeals this member of the staff can decide."""
    rows = Appeal.objects.filter(state=AppealState.OPEN, rejection__study_id=member.study_id)
    rows = rows.exclude(Q(rejection__proposed_by=member) | Q(rejection__confirmed_by=member))
    if member.has_role(Role.COORDINATOR):
        return rows.count()
    open_rejections = [appeal.rejection for appeal in rows.select_related("rejection")]
    return sum(why_not_decide(member=member, rejection=one) is None for one in open_rejections)


def can_still_be_confirmed(*, rejection: ShownRejection, now: datetime) -> bool:
    """Return whether a proposal waits for a second coordinator and its time has not passed."""
    waits = rejection.rejection.state == RejectionState.PROPOSED
    return waits and now < rejection.confirm_until


def proposed_pay(*, study_id: uuid.UUID, currency: str) -> dict[uuid.UUID, int]:
    """Return member id → credited minor units that are proposed to be rejected. One query."""
    works = RejectedWork.objects.filter(
        rejection__study_id=study_id,
        rejection__state=RejectionState.PROPOSED,
        counts=True,
        currency=currency,
        credit__isnull=False,
    )
    sums = works.values_list("rejection__member_id").annotate(total=Sum("amount_minor"))
    return {member_id: int(total) for member_id, total in sums.order_by()}


def can_still_be_paid(*, member_id: uuid.UUID) -> bool:
    """Return whether an appeal of a person is open, so that more may be owed to them."""
    return Appeal.objects.filter(rejection__member_id=member_id, state=AppealState.OPEN).exists()


def has_open_appeal(*, study_id: uuid.UUID, rejection_id: uuid.UUID) -> bool:
    """Return whether an appeal against a rejection of a study waits for a decision."""
    rows = Appeal.objects.filter(rejection__study_id=study_id, rejection_id=rejection_id)
    return rows.filter(state=AppealState.OPEN).exists()
