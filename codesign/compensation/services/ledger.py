"""Credits work and reverses credits."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.compensation.models import Account, LedgerCounter, Leg, Transfer
from codesign.compensation.models.ledger import COUNTED
from codesign.compensation.rules.ledger import AccountKind, TransferKind
from codesign.shared.compiled_queries import insert
from codesign.shared.counters import fold
from codesign.shared.errors import Conflict
from codesign.studies.models import Member, Study

KEPT = 10_000
"""Number of account pairs that a process caches."""

_POST_TRANSFERS = """
    INSERT INTO compensation_transfer (id, created_at, kind, idempotency_key, study_id, about_kind,
      about_id, about_label, effective_at, reverses_id, posted_at)
    SELECT id, now(), kind, key, study_id, about_kind, about_id, about_label, effective_at,
      reverses_id, now()
    FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::text[], %s::uuid[], %s::text[],
      %s::timestamptz[], %s::uuid[])
      AS posted (id, kind, key, study_id, about_kind, about_id, about_label, effective_at,
        reverses_id)
"""
_POST_LEGS = """
    INSERT INTO compensation_leg (transfer_id, account_id, currency, amount_minor)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bigint[])
"""

_ACCOUNTS: dict[tuple[uuid.UUID, uuid.UUID, str], tuple[Account, Account]] = {}


def _accounts(member: Member, currency: str) -> tuple[Account, Account]:
    """Return the accounts of the person and the study in that currency.

    Committed accounts are cached, because they never change and every credit needs them.
    """
    key = (member.id, member.study_id, currency)
    kept = _ACCOUNTS.get(key)
    if kept is None:
        kept = _find_accounts(member, currency)
        transaction.on_commit(partial(_keep, key, kept))
    return kept


def _keep(key: tuple[uuid.UUID, uuid.UUID, str], accounts: tuple[Account, Account]) -> None:
    if len(_ACCOUNTS) >= KEPT:
        _ACCOUNTS.clear()
    _ACCOUNTS[key] = accounts


def _find_accounts(member: Member, currency: str) -> tuple[Account, Account]:
    """Return the accounts from the database. One query once both exist."""
    wanted = ((member, AccountKind.PAYABLE), (member.study, AccountKind.SPENT))
    found = {
        (account.owner_id, account.kind): account
        for account in Account.objects.filter(
            owner_id__in=[member.id, member.study_id],
            kind__in=[kind for _owner, kind in wanted],
            currency=currency,
        )
    }
    payable, spent = (
        found.get((owner.id, kind)) or account_of(owner=owner, kind=kind, currency=currency)
        for owner, kind in wanted
    )
    return payable, spent


def account_of(*, owner: Member | Study, kind: AccountKind, currency: str) -> Account:
    """Return an account of a person or of a study, which the first use opens."""
    person = isinstance(owner, Member)
    account, _created = Account.objects.get_or_create(
        owner_kind="member" if person else "study",
        owner_id=owner.id,
        kind=kind,
        currency=currency,
        defaults={"owner_label": owner.pseudonym if isinstance(owner, Member) else owner.title},
    )
    return account


@dataclass(frozen=True, slots=True)
class Posting:
    """A transfer to post: what it is about as (kind, id, label), and minor units by account."""

    kind: TransferKind
    study_id: uuid.UUID
    about: tuple[str, uuid.UUID, str]
    amounts: Mapping[Account, int]
    key: str
    effective_at: datetime
    reverses: Transfer | None = None

    def transfer(self) -> Transfer:
        """Return the row of the transfer, unsaved."""
        about_kind, about_id, label = self.about
        return Transfer(
            kind=self.kind,
            idempotency_key=self.key,
            study_id=self.study_id,
            about_kind=about_kind,
            about_id=about_id,
            about_label=label,
            reverses=self.reverses,
            effective_at=self.effective_at,
        )

    def legs(self, transfer: Transfer) -> list[Leg]:
        """Return the rows of its legs, unsaved."""
        return [
            Leg(transfer=transfer, account=account, currency=account.currency, amount_minor=amount)
            for account, amount in self.amounts.items()
        ]


def post(
    *,
    kind: TransferKind,
    study_id: uuid.UUID,
    about: tuple[str, uuid.UUID, str],
    amounts: Mapping[Account, int],
    key: str,
    effective_at: datetime,
    reverses: Transfer | None = None,
) -> Transfer:
    """Post one transfer in the caller's transaction; `amounts` are minor units by account.

    `key` is unique for ever: the same movement cannot be posted twice.
    """
    posting = Posting(kind, study_id, about, amounts, key, effective_at, reverses)
    transfer = posting.transfer()
    insert(transfer)
    insert(*posting.legs(transfer))
    return transfer


def post_all(*, postings: Sequence[Posting]) -> None:
    """Post many transfers in the caller's transaction, by one statement for each table.

    Django would make a model and compile a value for each cell: for 10,000 payouts, that takes
    several seconds.
    """
    ids = [uuid.uuid4() for _posting in postings]
    with connection.cursor() as cursor:
        cursor.execute(
            _POST_TRANSFERS,
            [
                ids,
                [str(posting.kind) for posting in postings],
                [posting.key for posting in postings],
                [posting.study_id for posting in postings],
                *([posting.about[part] for posting in postings] for part in range(3)),
                [posting.effective_at for posting in postings],
                [posting.reverses and posting.reverses.id for posting in postings],
            ],
        )
        legs = [
            (transfer_id, account, amount)
            for transfer_id, posting in zip(ids, postings, strict=True)
            for account, amount in posting.amounts.items()
        ]
        cursor.execute(
            _POST_LEGS,
            [
                [transfer_id for transfer_id, _account, _amount in legs],
                [account.id for _transfer, account, _amount in legs],
                [account.currency for _transfer, account, _amount in legs],
                [amount for _transfer, _account, amount in legs],
            ],
        )


@transaction.atomic(savepoint=False)
def credit(
    *,
    member: Member,
    about: tuple[str, uuid.UUID, str],
    amount_minor: int,
    currency: str,
    effective_at: datetime,
) -> Transfer | None:
    """Credit one piece of work to its person, exactly once, in the caller's transaction.

    `about` is (kind, id, label) of the work. A unique constraint on it refuses a second credit for
    the same work, even a concurrent one. Unpaid work (0) creates no entry.
    """
    if amount_minor == 0:
        return None
    payable, spent = _accounts(member, currency)
    return post(
        kind=TransferKind.CREDIT,
        study_id=member.study_id,
        about=about,
        amounts={payable: amount_minor, spent: -amount_minor},
        key=f"credit:{about[0]}:{about[1]}",
        effective_at=effective_at,
    )


@transaction.atomic
def reverse(*, transfer: Transfer) -> Transfer:
    """Undo a credit, or the reversal of a credit, by an opposite entry (standards 3.10).

    All entries stay. Only `services.rejections` calls this, for a confirmed rejection and for one
    that is revoked, so the net of a credit is its amount or zero. Each transfer is reversed at most
    once, and a credit that was paid again is never reversed again. The accounts are locked, so that
    a payout that is approved at the same time sees what is taken.
    """
    accounts = Account.objects.filter(id__in=transfer.legs.values("account"))
    list(accounts.order_by("id").select_for_update(no_key=True))
    again = transfer.reverses is not None and transfer.reverses.reverses is not None
    if again or Transfer.objects.filter(reverses=transfer).exists():
        raise Conflict(_("This payment has already been reversed."))
    return post(
        kind=TransferKind.REVERSAL,
        study_id=transfer.study_id,
        about=(transfer.about_kind, transfer.about_id, transfer.about_label),
        amounts={leg.account: -leg.amount_minor for leg in transfer.legs.select_related("account")},
        key=f"reversal:{transfer.id}",
        effective_at=timezone.now(),
        reverses=transfer,
    )


def fold_book() -> int:
    """Fold the tallies of each account and currency into one. Return the number removed."""
    return fold(LedgerCounter, by=("study_id", "account_id", "currency"), sums=COUNTED)
