"""People with a way to be paid, and batches in each state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from codesign.compensation.models import Payout, PayoutBatch, PayoutMethod
from codesign.compensation.queries import payouts as queries
from codesign.compensation.services import payout_results, payouts
from codesign.shared.actors import Actor
from codesign.shared.sealing import key_id, seal
from codesign.studies.models import Cohort, Member
from tests.factories.compensation import credit
from tests.factories.studies import MemberFactory, staff

DETAILS = {
    "iban": {"name": "Robin Doe", "iban": "DE89370400440532013000"},
    "uk_bank": {"name": "Robin Doe", "sort_code": "601613", "account": "31926819"},
    "paypal": {"email": "robin@example.org"},
    "cash": {},
    "voucher": {},
    "none": {},
}
PAYER = {"payer_name": "Made-up Group", "payer_iban": "DE89370400440532013000"}


def method_of(member: Member, kind: str = "iban", **changed: str) -> PayoutMethod:
    """A method whose cooling time is over."""
    details = {**DETAILS[kind], **changed}
    return PayoutMethod.objects.create(
        member=member,
        kind=kind,
        ciphertext=seal(json.dumps(details), secret=member.study.secret, use=PayoutMethod.SEALED)
        if details
        else b"",
        key_id=key_id(),
        usable_from=timezone.now() - timedelta(seconds=1),
    )


def owed(
    cohort: Cohort | None = None,
    amount_minor: int = 1000,
    *,
    currency: str = "EUR",
    kind: str | None = "iban",
) -> Member:
    """A person who is owed something and, unless `kind` is None, can be paid."""
    member = MemberFactory.create(cohort=cohort) if cohort else MemberFactory.create()
    credit(member, amount_minor, currency=currency)
    if kind:
        method_of(member, kind)
    return member


@dataclass
class Two:
    """Two coordinators of a study, who make and approve its batches."""

    maker: Member
    approver: Member

    @classmethod
    def of(cls, member: Member) -> Two:
        """Two coordinators of that person's study."""
        return cls(staff(member.study), staff(member.study))

    def make(
        self, *, currency: str = "EUR", channel: str = "bank", threshold: int = 0
    ) -> PayoutBatch:
        """A drafted batch."""
        return payouts.make_batch(
            actor=Actor.of(self.maker.user),
            study=self.maker.study,
            currency=currency,
            channel=channel,
            threshold_minor=threshold,
            **PAYER,
        )

    def approve(self, batch: PayoutBatch) -> PayoutBatch:
        """Approve what the batch would pay now."""
        ready = queries.ready(batch=batch)
        return payouts.approve(
            actor=Actor.of(self.approver.user),
            batch=batch,
            count=len(ready.sent),
            total_minor=ready.total,
        )

    def send(self, batch: PayoutBatch) -> bytes:
        """Approve a batch and download its file."""
        self.approve(batch)
        _file, content = payouts.hand_out(actor=Actor.of(self.approver.user), batch=batch)
        return content

    def report(self, batch: PayoutBatch, **outcomes: str) -> int:
        """Import outcomes by reference."""
        rows = "".join(f"{reference},{outcome}\n" for reference, outcome in outcomes.items())
        return payout_results.import_results(
            actor=Actor.of(self.maker.user),
            batch=batch,
            content=f"reference,outcome\n{rows}".encode(),
        )

    def settle(self, batch: PayoutBatch, outcome: str = "paid") -> None:
        """Report the same outcome for everybody."""
        sent = Payout.objects.filter(batch=batch).under_way()
        self.report(batch, **{payout.reference: outcome for payout in sent})
