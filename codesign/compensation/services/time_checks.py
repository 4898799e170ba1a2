"""Records how long work took, and adds to its pay if it was longer than promised."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import TimeCheck
from codesign.compensation.rules.ledger import AccountKind, TransferKind
from codesign.compensation.rules.time_checks import adjustment_minor
from codesign.compensation.services import ledger
from codesign.shared.actors import SYSTEM
from codesign.shared.advisory_locks import require_transaction
from codesign.studies.models import Cohort, Member

ADJUSTED = action("compensation.adjusted", gettext_lazy("raised pay, as work took longer"))


def record(
    *,
    cohort: Cohort,
    began: datetime | None,
    ended: datetime,
    pieces: int,
    permille: int,
    earned: Mapping[tuple[Member, str], int],
) -> TimeCheck:
    """Store a check in the caller's transaction and post the adjustments that follow from it.

    `earned`: (member, currency) → what they earned by this work, in minor units. They are paid even
    if the budget is used or they have left, because the hourly rate was promised.
    """
    require_transaction("A check of times")
    check = TimeCheck.objects.create(
        study_id=cohort.study_id,
        cohort=cohort,
        began=began,
        ended=ended,
        pieces=pieces,
        permille=permille,
    )
    adjusted = 0
    for (member, currency), minor in earned.items():
        if added := adjustment_minor(earned_minor=minor, permille=permille):
            _post(check, member=member, currency=currency, added=added)
            adjusted += 1
    if adjusted:
        audit.record(
            actor=SYSTEM,
            action=ADJUSTED,
            study_id=cohort.study_id,
            about=("time_check", check.id, cohort.title),
            data={"percent": check.percent, "pieces": pieces, "people": adjusted},
        )
    return check


def _post(check: TimeCheck, *, member: Member, currency: str, added: int) -> uuid.UUID:
    payable = ledger.account_of(owner=member, kind=AccountKind.PAYABLE, currency=currency)
    spent = ledger.account_of(owner=member.study, kind=AccountKind.SPENT, currency=currency)
    transfer = ledger.post(
        kind=TransferKind.ADJUSTMENT,
        study_id=check.study_id,
        about=("time_check", check.id, "time"),
        amounts={payable: added, spent: -added},
        key=f"adjustment:{check.id}:{member.id}:{currency}",
        effective_at=check.ended,
    )
    return transfer.id
