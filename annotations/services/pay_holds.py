"""Credit work when it is done, or hold its pay until a person checks it (decision 20).

Work is never refused. Held work is stored and confirmed, and the next task follows, as always. The
caller holds the lock on the member.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from annotations.models import Assignment
from annotations.queries import assignments as queries
from annotations.rules import work_speed
from annotations.rules.states import AssignmentState, PayCheck, WhyHeld
from codesign.compensation.services import ledger
from codesign.shared.actors import SYSTEM
from codesign.shared.transition import transition


def why_held(*, assignment: Assignment, now: datetime, judged: bool, paid: bool) -> WhyHeld | None:
    """Return why the pay of work that ends now is held, or None.

    Sets `pay_check` and `spare_seconds` of the assignment, which the caller saves. The spare time
    is taken from the member's latest lease, which is another assignment for late work.
    """
    promised = assignment.promised_seconds
    if promised is None:  # leased before this was recorded
        return None
    late = assignment.state == AssignmentState.EXPIRED
    last = queries.latest(assignment.member) if late else None
    newer = last if last and last.id != assignment.id else None
    spare = (newer or assignment).spare
    left = work_speed.spare_at(spare, now=now, promised=promised, pace=settings.PAY_PACE)
    why = None
    if paid and judged and _too_quick(assignment, now):
        why = WhyHeld.QUICK
    elif paid and not judged and _quick_skip(assignment, now):
        why = WhyHeld.SKIPS
    elif paid and left < promised:
        why = WhyHeld.PACE
    elif paid:
        left -= promised
    if newer:
        newer.spare_seconds = work_speed.spare_earlier(
            left, at=spare.at, now=now, pace=settings.PAY_PACE
        )
        newer.save(update_fields=["spare_seconds"])
    assignment.spare_seconds = left
    return why


def _too_quick(assignment: Assignment, now: datetime) -> bool:
    since = assignment.first_shown_at or assignment.leased_at
    words = assignment.words_shown or 0
    return work_speed.too_quick(words=words, since=since, now=now, pace=settings.PAY_PACE)


def _quick_skip(assignment: Assignment, now: datetime) -> bool:
    return work_speed.quick_skip(
        skips=assignment.skips_before or 0,
        since=assignment.first_shown_at or assignment.leased_at,
        now=now,
        promised=assignment.promised_seconds or 0,
    )


def credit_or_hold(*, assignment: Assignment, why: WhyHeld | None, now: datetime) -> None:
    """Credit an assignment that has ended, or record why its pay is held."""
    if why is None:
        credit(assignment=assignment, effective_at=now)
        return
    transition(assignment, field="pay_check", to=PayCheck.HELD, actor=SYSTEM, why=why)


def credit(*, assignment: Assignment, effective_at: datetime) -> None:
    """Credit an assignment at the rate of its lease. A second credit is refused."""
    ledger.credit(
        member=assignment.member,
        about=("assignment", assignment.id, assignment.paid_as),
        amount_minor=assignment.amount_minor,
        currency=assignment.currency,
        effective_at=effective_at,
    )
