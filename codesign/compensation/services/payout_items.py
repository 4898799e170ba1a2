"""Moves the payouts of a batch, many at once, together with their transfers.

The log of the batch tells of these moves.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.compensation.models import Account, Payout, PayoutBatch
from codesign.compensation.rules.ledger import AccountKind, TransferKind
from codesign.compensation.rules.payouts import PAYOUT_STATES, LeftOut, PayoutState
from codesign.compensation.services.ledger import Posting, account_of, post_all
from codesign.shared.errors import Conflict
from codesign.shared.transition import machine_of_items, move_items

machine_of_items(Payout, PAYOUT_STATES, module=__name__, logged_by="the batch of the payout")


def leave_out(*, payouts: Sequence[Payout], why: LeftOut) -> None:
    """Take drafted payouts out of their batch."""
    _move(payouts, to=PayoutState.LEFT_OUT, old=PayoutState.DRAFTED, left_out=why)


def send(*, batch: PayoutBatch, payouts: Sequence[Payout]) -> None:
    """Post that payouts leave what their people are owed, and are on their way."""
    _post(batch, payouts, kind=TransferKind.SENT)
    _move(payouts, to=PayoutState.IN_FLIGHT, old=PayoutState.DRAFTED)


def arrive(*, batch: PayoutBatch, payouts: Sequence[Payout]) -> None:
    """Post that payouts under way have arrived."""
    _post(batch, payouts, kind=TransferKind.PAID)
    _move(payouts, to=PayoutState.PAID)


def bring_back(
    *, batch: PayoutBatch, payouts: Sequence[Payout], to: PayoutState = PayoutState.FAILED
) -> None:
    """Post that payouts under way failed or were cancelled: people are owed the money again."""
    _post(batch, payouts, kind=TransferKind.RETURNED)
    _move(payouts, to=to)


def lose_sight(*, payouts: Sequence[Payout]) -> None:
    """Mark payouts whose outcome the bank does not know. Their money stays in flight."""
    _move(payouts, to=PayoutState.UNKNOWN)


def cancel_drafted(*, payouts: Sequence[Payout]) -> None:
    """Mark drafted payouts as cancelled. Nothing was posted for them."""
    _move(payouts, to=PayoutState.CANCELLED, old=PayoutState.DRAFTED)


def _move(
    payouts: Sequence[Payout],
    *,
    to: PayoutState,
    old: PayoutState | None = None,
    left_out: str = "",
) -> None:
    """Move payouts from the states in which they were read. Raises Conflict if one has moved."""
    for state in {old} if old else {PayoutState(payout.state) for payout in payouts}:
        ids = [payout.id for payout in payouts if payout.state == state]
        rows = Payout.objects.filter(id__in=ids)
        moved = move_items(rows, old=state, to=to, left_out=left_out, moved_at=timezone.now())
        if moved != len(ids):
            raise Conflict(_("A payout of this batch has changed in the meantime."))


def _post(batch: PayoutBatch, payouts: Sequence[Payout], *, kind: TransferKind) -> None:
    """Post one transfer for each payout. Its key allows each kind once (standards 3.11)."""
    if not payouts:
        return
    in_flight = account_of(owner=batch.study, kind=AccountKind.IN_FLIGHT, currency=batch.currency)
    bank = account_of(owner=batch.study, kind=AccountKind.BANK, currency=batch.currency)
    payable = {
        account.owner_id: account
        for account in Account.objects.filter(
            owner_id__in=batch.payouts.values("member_id"),
            kind=AccountKind.PAYABLE,
            currency=batch.currency,
        )
    }
    now = timezone.now()
    post_all(
        postings=[
            Posting(
                kind=kind,
                study_id=batch.study_id,
                about=("payout", payout.id, payout.reference),
                amounts={
                    account: sign * payout.amount_minor
                    for account, sign in _sides(kind, payable[payout.member_id], in_flight, bank)
                },
                key=f"payout:{payout.reference}:{kind}",
                effective_at=now,
            )
            for payout in payouts
        ]
    )


def _sides(
    kind: TransferKind, payable: Account, in_flight: Account, bank: Account
) -> tuple[tuple[Account, int], tuple[Account, int]]:
    """Return the accounts that a transfer takes from (−1) and gives to (1)."""
    if kind == TransferKind.SENT:
        return (payable, -1), (in_flight, 1)
    if kind == TransferKind.PAID:
        return (in_flight, -1), (bank, 1)
    return (in_flight, -1), (payable, 1)
