"""A batch of many payouts: drafted, approved with its file, handed out, and settled by its results.

Each step is one request of a coordinator, so that its time is what a person waits.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TypeVar

import psutil

PEOPLE = 10_000
MOST_S = 15.0
"""Seconds for the whole batch."""
T = TypeVar("T")
IBAN = "DE89370400440532013000"


def run() -> None:
    """Print the time of each step, for a CSV file and for pain.001."""
    print(f"\nA batch of {PEOPLE:,} payouts (at most {MOST_S:.0f} s)")
    people = _people()
    for channel in ("bank", "sepa"):
        _measure(channel, people)


def _cpu() -> float:
    """Return the processor time of this process and of its PostgreSQL backend, in seconds."""
    from django.db import connection

    backend = connection.connection.info.backend_pid
    times = [one.cpu_times() for one in (psutil.Process(), psutil.Process(backend))]
    return sum(one.user + one.system for one in times)


def _people() -> list[object]:
    """Return two coordinators of a study whose people have bank details."""
    from datetime import timedelta

    from django.utils import timezone

    from codesign.accounts.models import User
    from codesign.compensation.models import PayoutMethod
    from codesign.shared.sealing import key_id, seal
    from codesign.studies.models import Cohort, Member, Study

    study = Study.objects.create(slug="payouts", title="Payouts", contact="x@example.org")
    cohort = Cohort.objects.create(study=study, key="a", title="A", role="panelist")
    users = [User(email=f"payout-{number}@example.org") for number in range(PEOPLE + 2)]
    User.objects.bulk_create(users, batch_size=2_000)
    staff = [Member(study=study, user=user, roles=["coordinator"]) for user in users[:2]]
    members = [
        Member(study=study, cohort=cohort, user=user, roles=["panelist"]) for user in users[2:]
    ]
    Member.objects.bulk_create([*staff, *members], batch_size=2_000)
    details = json.dumps({"name": "Robin Doe", "iban": IBAN})
    PayoutMethod.objects.bulk_create(
        [
            PayoutMethod(
                member=member,
                kind="iban",
                ciphertext=seal(details, secret=study.secret, use=PayoutMethod.SEALED),
                key_id=key_id(),
                usable_from=timezone.now() - timedelta(hours=1),
            )
            for member in members
        ],
        batch_size=2_000,
    )
    return staff


def _credit() -> None:
    """Credit everybody once, as their work would."""
    import uuid

    from django.db import connection, transaction
    from django.utils import timezone

    from codesign.compensation.models import Account
    from codesign.compensation.rules.ledger import AccountKind, TransferKind
    from codesign.compensation.services.ledger import Posting, account_of, post_all
    from codesign.studies.models import Member, Study

    study = Study.objects.get(slug="payouts")
    spent = account_of(owner=study, kind=AccountKind.SPENT, currency="EUR")
    members = Member.objects.filter(study=study, cohort__isnull=False)
    Account.objects.bulk_create(
        [
            Account(
                kind=AccountKind.PAYABLE,
                owner_kind="member",
                owner_id=member.id,
                owner_label=member.pseudonym,
                currency="EUR",
            )
            for member in members
        ],
        batch_size=2_000,
        ignore_conflicts=True,
    )
    payable = Account.objects.filter(kind=AccountKind.PAYABLE, owner_id__in=members.values("id"))
    with transaction.atomic():
        post_all(
            postings=[
                Posting(
                    kind=TransferKind.CREDIT,
                    study_id=study.id,
                    about=("bench", about := uuid.uuid4(), "a text"),
                    amounts={account: 1205, spent: -1205},
                    key=f"bench:{about}",
                    effective_at=timezone.now(),
                )
                for account in payable
            ]
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does on a running server


def _measure(channel: str, staff: list[object]) -> None:
    from typing import Any

    from codesign.compensation.queries import payout_checks, trial_balance
    from codesign.compensation.queries import payouts as queries
    from codesign.compensation.services import payout_results, payouts
    from codesign.shared.actors import Actor

    _credit()
    maker, approver = (Actor.of(member.user) for member in staff)  # type: ignore[attr-defined]
    asked: dict[str, Any] = {"payer_name": "Group", "payer_iban": IBAN, "threshold_minor": 0}
    total = total_cpu = 0.0

    def timed(name: str, step: Callable[[], T]) -> T:
        nonlocal total, total_cpu
        start, start_cpu = time.perf_counter(), _cpu()
        result = step()
        took, cpu = time.perf_counter() - start, _cpu() - start_cpu
        total, total_cpu = total + took, total_cpu + cpu
        print(f"  {channel:<5} {name:<22} {took:6.2f} s ({cpu:5.2f} s of processor time)")
        return result

    batch = timed(
        "draft",
        lambda: payouts.make_batch(
            actor=maker,
            study=staff[0].study,  # type: ignore[attr-defined]
            currency="EUR",
            channel=channel,
            **asked,
        ),
    )
    ready = timed("look", lambda: queries.ready(batch=batch))
    seen = {"count": len(ready.sent), "total_minor": ready.total}
    timed("approve and build file", lambda: payouts.approve(actor=approver, batch=batch, **seen))
    timed("hand out", lambda: payouts.hand_out(actor=approver, batch=batch))
    rows = "".join(f"{one.reference},paid\n" for one in batch.payouts.all())
    content = f"reference,outcome\n{rows}".encode()
    timed(
        "import results",
        lambda: payout_results.import_results(actor=maker, batch=batch, content=content),
    )
    print(f"  {channel:<5} {'all':<22} {total:6.2f} s ({total_cpu:5.2f} s of processor time)")
    wrong = [*trial_balance.imbalances(), *payout_checks.payouts_against_ledger()]
    print(f"  {channel:<5} trial balance: {wrong or 'balances'}")
