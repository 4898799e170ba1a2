"""Batches of payouts, and what people are owed, being sent and paid."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.accounts import queries as accounts
from codesign.compensation.models import (
    LedgerCounter,
    Payout,
    PayoutBatch,
    PayoutMethod,
    PayoutOutcome,
)
from codesign.compensation.queries.payout_methods import current_methods_in, details_of
from codesign.compensation.queries.rejections import proposed_pay
from codesign.compensation.rules import payouts as rules
from codesign.compensation.rules.ledger import AccountKind
from codesign.compensation.rules.payout_methods import MethodKind
from codesign.compensation.rules.payout_results import Known, Outcome
from codesign.compensation.rules.payouts import UNDER_WAY, Candidate, LeftOut, PayoutState
from codesign.consent.queries import with_state
from codesign.shared.errors import NotFound
from codesign.shared.sealing import unseal
from codesign.studies.models import Member, Study


@dataclass(frozen=True, slots=True)
class Preview:
    """What a batch would pay now, and whom it would leave out."""

    paid: list[Candidate]
    left_out: list[tuple[Candidate, LeftOut]]

    @property
    def total(self) -> int:
        """Minor units."""
        return sum(candidate.owed for candidate in self.paid)


def candidates(*, study: Study, currency: str) -> dict[uuid.UUID, Candidate]:
    """Return member id → the person, of all who are owed something, with their opened details.

    Pay that is proposed to be rejected is not paid meanwhile: if it were, a rejection would leave
    the person in debt. Four queries. Only services read the details; pages get codes and reasons.
    """
    owed = LedgerCounter.objects.filter(
        study_id=study.id, account__kind=AccountKind.PAYABLE, currency=currency
    )
    rows = owed.values_list("account__owner_id").annotate(total=Sum(F("earned") - F("paid")))
    proposed = proposed_pay(study_id=study.id, currency=currency)
    sums = {owner: int(total) - proposed.get(owner, 0) for owner, total in rows}
    methods = current_methods_in(study_id=study.id)
    members = with_state(Member.objects.filter(study=study)).order_by("pseudonym")
    return {
        member.id: _candidate(member, sums[member.id], methods.get(member.id), study)
        for member in members
        if sums.get(member.id, 0) > 0
    }


def _candidate(member: Member, owed: int, method: PayoutMethod | None, study: Study) -> Candidate:
    state: str = member.consent_state  # type: ignore[attr-defined]
    return Candidate(
        member_id=member.id,
        code=member.pseudonym,
        owed=owed,
        gone=member.left_at is not None or state == "left",
        kind=method.kind if method else MethodKind.NONE,
        method_id=method.id if method else None,
        usable_from=method.usable_from if method else None,
        details=details_of(method, secret=study.secret) if method else None,
    )


def preview(*, study: Study, currency: str, channel: str, threshold: int) -> Preview:
    """Return what such a batch would pay now, and who is left out and why."""
    found = Preview([], [])
    now = timezone.now()
    for person in candidates(study=study, currency=currency).values():
        why = rules.why_left_out(
            person, channel=channel, currency=currency, threshold=threshold, at=now
        )
        if why is None:
            found.paid.append(person)
        else:
            found.left_out.append((person, why))
    return found


@dataclass(frozen=True, slots=True)
class Ready:
    """A drafted batch as it would be approved now."""

    sent: list[tuple[Payout, Candidate]]
    dropped: list[tuple[Payout, LeftOut]]

    @property
    def total(self) -> int:
        """Minor units."""
        return sum(payout.amount_minor for payout, _person in self.sent)


def ready(*, batch: PayoutBatch) -> Ready:
    """Return which payouts of a drafted batch can be sent now, and which cannot and why."""
    found = Ready([], [])
    now = timezone.now()
    drafted = batch.payouts.filter(state=PayoutState.DRAFTED).select_related("member")
    payouts = list(drafted.order_by("reference"))
    people = candidates(study=batch.study, currency=batch.currency)
    for payout in payouts:
        person = people.get(payout.member_id)
        why = rules.why_dropped(
            person, amount=payout.amount_minor, method_id=payout.method_id, at=now
        )
        if why is not None:
            found.dropped.append((payout, why))
        elif person is not None:
            found.sent.append((payout, person))
    return found


def batches(*, study_id: uuid.UUID) -> QuerySet[PayoutBatch]:
    """Return the batches of a study with their number of payouts and sum, newest first."""
    counted = ~Q(payouts__state__in=[PayoutState.LEFT_OUT])
    return (
        PayoutBatch.objects.filter(study_id=study_id)
        .annotate(
            people=Count("payouts", filter=counted),
            total=Sum("payouts__amount_minor", filter=counted),
            waiting=Count("payouts", filter=Q(payouts__state__in=UNDER_WAY)),
        )
        .order_by("-created_at", "-id")
    )


def batch_in(*, study_id: uuid.UUID, batch_id: uuid.UUID) -> PayoutBatch:
    """Return a batch of that study, with its study and people. Raises NotFound."""
    found = PayoutBatch.objects.select_related("study", "made_by__user", "approved_by", "file")
    batch = found.filter(study_id=study_id, id=batch_id).first()
    if batch is None:
        raise NotFound(_("This study has no such batch."))
    return batch


def payouts_of(*, batch: PayoutBatch) -> QuerySet[Payout]:
    """Return the payouts of a batch; those that somebody must look at come first."""
    return (
        batch.payouts.select_related("member")
        .annotate(
            unknown=Q(state=PayoutState.UNKNOWN),
            failed=Q(state=PayoutState.FAILED),
        )
        .order_by("-unknown", "-failed", "reference")
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How many payouts of a batch are in a state, and their sum in minor units."""

    state: PayoutState
    count: int
    total: int


def progress_of(*, batch: PayoutBatch) -> list[Progress]:
    """Return the payouts of a batch by state. One query."""
    rows = batch.payouts.values_list("state").annotate(n=Count("id"), total=Sum("amount_minor"))
    found = {state: (n, total) for state, n, total in rows.order_by()}
    return [Progress(state, *found[state]) for state in PayoutState if state in found]


def known_of(*, batch: PayoutBatch) -> dict[str, Known]:
    """Return reference → the payout, of all that were sent with a batch."""
    sent = batch.payouts.exclude(state__in=[PayoutState.LEFT_OUT, PayoutState.CANCELLED])
    rows = sent.values_list("reference", "state", "amount_minor", "currency")
    return {
        reference: Known(state, amount, currency) for reference, state, amount, currency in rows
    }


def failures_of(*, payouts: Iterable[Payout]) -> Mapping[uuid.UUID, str]:
    """Return payout id → the bank's words about it. One query."""
    said = PayoutOutcome.objects.filter(payout__in=list(payouts)).exclude(outcome=Outcome.PAID)
    return dict(said.order_by("id").values_list("payout_id", "detail"))


def payer_of(*, batch: PayoutBatch) -> str | None:
    """Return the sealed account that a SEPA file pays from, as JSON; None if no key opens it."""
    return unseal(batch.payer, secret=batch.study.secret, use=PayoutBatch.SEALED)


@dataclass(slots=True)
class Money:
    """What a person is owed, being sent and was paid in one currency, in minor units."""

    currency: str
    owed: int = 0
    """Negative if work was rejected after it was paid."""
    under_way: int = 0
    paid: int = 0

    @property
    def total(self) -> int:
        """What the person has earned."""
        return self.owed + self.under_way + self.paid

    @property
    def too_much(self) -> int:
        """Return what was paid and is no longer owed."""
        return max(-self.owed, 0)


def money_of(*, member_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Money]]:
    """Return member id → what they are owed, being sent and were paid, by currency. Two queries."""
    found: dict[uuid.UUID, dict[str, Money]] = {}

    def money(member_id: uuid.UUID, currency: str) -> Money:
        return found.setdefault(member_id, {}).setdefault(currency, Money(currency))

    owed = LedgerCounter.objects.filter(
        account__owner_id__in=member_ids, account__kind=AccountKind.PAYABLE
    ).values_list("account__owner_id", "currency")
    for member_id, currency, total in owed.annotate(total=Sum(F("earned") - F("paid"))):
        money(member_id, currency).owed = int(total)
    sent = Payout.objects.filter(member_id__in=member_ids).values_list("member_id", "currency")
    sums = sent.annotate(
        under_way=Sum("amount_minor", filter=Q(state__in=UNDER_WAY), default=0),
        paid=Sum("amount_minor", filter=Q(state=PayoutState.PAID), default=0),
    )
    for member_id, currency, under_way, paid in sums.order_by():
        if under_way or paid:
            both = money(member_id, currency)
            both.under_way, both.paid = int(under_way), int(paid)
    return {
        member_id: sorted(by_currency.values(), key=lambda one: one.currency)
        for member_id, by_currency in found.items()
    }


@dataclass(frozen=True, slots=True)
class Sent:
    """A payout as its person sees it."""

    at: datetime
    amount_minor: int
    currency: str
    reference: str
    state: PayoutState


@dataclass(frozen=True, slots=True)
class OwnPay:
    """What a person is owed, being sent and was paid, with their latest payouts."""

    money: list[Money]
    payouts: list[Sent] = field(default_factory=list)


LATEST = 20
"""Payouts on a person's page."""


def own_pay(*, member_id: uuid.UUID) -> OwnPay:
    """Return what a person sees of their own pay. Three queries."""
    states = (*UNDER_WAY, PayoutState.PAID, PayoutState.FAILED)
    sent = Payout.objects.filter(member_id=member_id, state__in=states).select_related("batch")
    return OwnPay(
        money=money_of(member_ids=[member_id]).get(member_id, []),
        payouts=[
            Sent(
                at=payout.batch.approved_at or payout.created_at,
                amount_minor=payout.amount_minor,
                currency=payout.currency,
                reference=payout.reference,
                state=PayoutState(payout.state),
            )
            for payout in sent.order_by("-created_at", "-id")[:LATEST]
        ],
    )


def people(*, study_id: uuid.UUID) -> QuerySet[Member]:
    """Return everybody of a study who judges or judged, by code."""
    return Member.objects.filter(study_id=study_id, cohort__isnull=False).order_by("pseudonym")


def currencies_owed(*, study_id: uuid.UUID) -> list[tuple[str, int]]:
    """Return (currency, minor units owed to people of a study) where that is above zero.

    People below zero do not lower what others are owed.
    """
    owed = LedgerCounter.objects.filter(study_id=study_id, account__kind=AccountKind.PAYABLE)
    rows = owed.values_list("currency", "account_id").annotate(total=Sum(F("earned") - F("paid")))
    sums: Counter[str] = Counter()
    for currency, _account, total in rows.order_by().filter(total__gt=0):
        sums[currency] += int(total)
    return sorted(sums.items())


def to_approve(*, member: Member) -> int:
    """Return how many batches of other coordinators wait for approval in a study."""
    drafted = PayoutBatch.objects.filter(study_id=member.study_id, state=rules.BatchState.DRAFTED)
    return drafted.exclude(made_by=member).count()


def why_not_approve(*, member: Member, batch: PayoutBatch) -> str | None:
    """Return why a coordinator cannot approve a batch, or None."""
    if member.id == batch.made_by_id:
        return _("You made this batch. Another coordinator must approve it.")
    if accounts.are_one(batch.made_by.user, member.user):
        return _("Your account and that of the person who made this batch are not independent.")
    return None
