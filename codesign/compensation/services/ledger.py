"""Credits work and reverses credits."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import Account, LedgerCounter, Leg, Transfer
from codesign.compensation.models.ledger import COUNTED
from codesign.compensation.permissions import SET_PAY
from codesign.compensation.rules.ledger import AccountKind, TransferKind
from codesign.shared.actors import Actor
from codesign.shared.compiled_queries import insert
from codesign.shared.counters import fold
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.visible import shows_nothing
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

REVERSED = action("compensation.reversed", gettext_lazy("reversed a payment"))

LONGEST_REASON = 200

KEPT = 10_000
"""Number of account pairs that a process caches."""

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
    wanted = {
        ("member", member.id, AccountKind.PAYABLE): member.pseudonym,
        ("study", member.study_id, AccountKind.SPENT): member.study.title,
    }
    accounts = {
        (account.owner_kind, account.owner_id, account.kind): account
        for account in Account.objects.filter(
            owner_id__in=[member.id, member.study_id],
            kind__in=[AccountKind.PAYABLE, AccountKind.SPENT],
            currency=currency,
        )
    }
    for key, label in wanted.items():
        if key not in accounts:
            owner_kind, owner_id, kind = key
            accounts[key], _created = Account.objects.get_or_create(
                owner_kind=owner_kind,
                owner_id=owner_id,
                kind=kind,
                currency=currency,
                defaults={"owner_label": label},
            )
    payable, spent = (accounts[key] for key in wanted)
    return payable, spent


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
    kind, about_id, label = about
    payable, spent = _accounts(member, currency)
    transfer = Transfer(
        kind=TransferKind.CREDIT,
        idempotency_key=f"credit:{kind}:{about_id}",
        study_id=member.study_id,
        about_kind=kind,
        about_id=about_id,
        about_label=label,
        effective_at=effective_at,
    )
    insert(transfer)
    _post(transfer, {payable: amount_minor, spent: -amount_minor})
    return transfer


def _post(transfer: Transfer, amounts: dict[Account, int]) -> None:
    insert(
        *(
            Leg(transfer=transfer, account=account, currency=account.currency, amount_minor=amount)
            for account, amount in amounts.items()
        )
    )


def fold_book() -> int:
    """Fold the tallies of each account and currency into one. Return the number removed."""
    return fold(LedgerCounter, by=("study_id", "account_id", "currency"), sums=COUNTED)


@transaction.atomic
def reverse(*, actor: Actor, transfer: Transfer, reason: str) -> Transfer:
    """Correct a credit by an opposite entry, with a reason. Both entries stay (standards 3.10)."""
    require(actor, SET_PAY, Study.objects.get(id=transfer.study_id))
    reason = " ".join(reason.split())
    if shows_nothing(reason) or len(reason) > LONGEST_REASON:
        problem = _("Please give a reason, in at most %(most)d characters.") % {
            "most": LONGEST_REASON
        }
        raise Invalid(problem, {"reason": [problem]})
    accounts = Account.objects.filter(id__in=transfer.legs.values("account"))
    list(accounts.order_by("id").select_for_update(no_key=True))
    if (
        transfer.kind == TransferKind.REVERSAL
        or Transfer.objects.filter(reverses=transfer).exists()
    ):
        raise Conflict(_("This payment has already been reversed."))
    opposite = Transfer.objects.create(
        kind=TransferKind.REVERSAL,
        idempotency_key=f"reversal:{transfer.id}",
        study_id=transfer.study_id,
        about_kind=transfer.about_kind,
        about_id=transfer.about_id,
        about_label=transfer.about_label,
        reverses=transfer,
        effective_at=timezone.now(),
    )
    _post(
        opposite,
        {leg.account: -leg.amount_minor for leg in transfer.legs.select_related("account")},
    )
    audit.record(
        actor=actor,
        action=REVERSED,
        study_id=transfer.study_id,
        about=("transfer", transfer.id, transfer.about_label),
        data={"reason": reason},
    )
    return opposite
