"""Approve work before its time, by piece or all at once. Approved work cannot be rejected."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import Approval
from codesign.compensation.permissions import REVIEW_WORK
from codesign.compensation.queries import reviews
from codesign.shared.actors import Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

APPROVED = action("compensation.work_approved", gettext_lazy("approved work"))

BATCH = 5_000
"""Rows in one statement."""


@transaction.atomic
def approve_credits(
    *,
    actor: Actor,
    study: Study,
    transfers: Iterable[uuid.UUID] = (),
    until: datetime | None = None,
) -> int:
    """Approve the work of these credits, or all that was done up to `until`. Return the number.

    Work that is approved already, or proposed to be rejected, is left out.
    """
    approver = require(actor, REVIEW_WORK, study)
    lock_until_commit(Lock.REVIEW_PAY, study.id)
    legs = reviews.waiting_legs(study_id=study.id)
    if until is None:
        legs = legs.filter(transfer__in=list(transfers))
    else:
        legs = legs.filter(transfer__effective_at__lte=until)
    works = legs.values_list("transfer__about_kind", "transfer__about_id").iterator()
    n = approve_works(study_id=study.id, works=works, approver=approver)
    if n:
        audit.record(
            actor=actor,
            action=APPROVED,
            study_id=study.id,
            about=("study", study.id, study.title),
            data={"pieces": n},
        )
    return n


def approve_works(
    *, study_id: uuid.UUID, works: Iterable[tuple[str, uuid.UUID]], approver: Member | None
) -> int:
    """Record that a person approved these (kind, id), in the caller's transaction.

    The caller holds the lock of the study's reviews. `approver` is None for the system.
    """

    def rows() -> Iterator[Approval]:
        for kind, about_id in works:
            yield Approval(
                study_id=study_id, about_kind=kind, about_id=about_id, approved_by=approver
            )

    return len(Approval.objects.bulk_create(rows(), batch_size=BATCH, ignore_conflicts=True))
