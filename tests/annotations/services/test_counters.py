"""Counts of rounds and of the ledger are kept as movements, and are always what counting says."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, Q, Sum

from annotations.contract.skip import Skip
from annotations.models import Round, RoundCounter, Seat
from annotations.queries.progress import rounds_of
from annotations.rules.states import SeatState
from annotations.services import counters, submissions
from codesign.compensation.models import LedgerCounter, Leg, Transfer
from codesign.compensation.queries import ledger, trial_balance
from codesign.compensation.rules.ledger import AccountKind
from codesign.compensation.services.ledger import reverse
from codesign.consent import services as consent
from codesign.shared.actors import SYSTEM, Actor
from modelhub.models import GenerationRun
from modelhub.services.generation import start_run
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.modelhub import add_prompts, child_of

pytestmark = pytest.mark.django_db


def counted(made: Round) -> tuple[int, int, int]:
    """Prompts, seats and judgements of a round, from the rows themselves."""
    seats = Seat.objects.filter(task__round=made).aggregate(
        all=Count("id"), judged=Count("id", filter=Q(state=SeatState.FILLED))
    )
    return made.tasks.count(), seats["all"], seats["judged"]


def said(made: Round) -> tuple[int, int, int]:
    row = rounds_of(study_id=made.study_id).get(id=made.id)
    return row.prompts, row.seats, row.judged  # type: ignore[attr-defined]


def test_counters_match_the_rows_after_every_step() -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=4, overlap=2)
    assert said(made) == counted(made) == (4, 8, 0)
    other = judging_round(member.cohort, tasks=1)
    send(lease(member))
    assert said(made)[2] + said(other)[2] == 1
    submissions.skip(
        actor=Actor.of(member.user),
        assignment_id=lease(member).id,
        skip=Skip.read(reason="too_close"),
    )
    lease(member)
    assert (said(made), said(other)) == (counted(made), counted(other))


def test_folding_leaves_every_sum_and_one_row_for_each() -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=3)
    for _ in range(3):
        send(lease(member))
    before = said(made), ledger.book_of(study_id=made.study_id)
    assert counters.fold_all() > 0
    assert (said(made), ledger.book_of(study_id=made.study_id)) == before
    assert RoundCounter.objects.filter(round=made).count() == 2  # of its tasks, and of its cohort
    assert LedgerCounter.objects.filter(study_id=made.study_id).count() == 2  # a person, the study
    assert counters.fold_all() == 0
    assert said(made) == counted(made) == (3, 3, 3)


def test_a_rollback_leaves_the_counters() -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=2)
    held = lease(member)
    with transaction.atomic():
        send(held)
        transaction.set_rollback(True)
    assert said(made) == counted(made) == (2, 2, 0)


def test_balances_equal_the_sums_of_legs() -> None:
    member = judge()
    judging_round(member.cohort, tasks=2)
    for _ in range(2):
        send(lease(member))
    reverse(transfer=Transfer.objects.first())  # type: ignore[arg-type]
    (book,) = ledger.book_of(study_id=member.study_id)
    earned = Leg.objects.filter(account__kind=AccountKind.PAYABLE).values_list(
        "amount_minor", flat=True
    )
    assert (book.earned, book.entries, book.corrected, book.balanced) == (sum(earned), 3, 1, True)


def test_earnings_equal_the_sum_of_legs() -> None:
    member = judge()
    other = judge(cohort=member.cohort)
    judging_round(member.cohort, tasks=3)
    for who in (member, other, member):
        send(lease(who))
    reverse(transfer=Transfer.objects.first())  # type: ignore[arg-type]
    consent.withdraw(actor=Actor.of(other.user), member=other)
    legs = Leg.objects.filter(account__kind=AccountKind.PAYABLE).order_by("account__owner_id")
    added_up = dict(
        legs.values_list("account__owner_id").annotate(total=Sum("amount_minor")).order_by()
    )
    for _ in range(2):
        balances = ledger.balances_of(member_ids=[member.id, other.id])
        assert {who: dict(sums)["GBP"] for who, sums in balances.items()} == added_up
        assert sum(added_up.values()) == 2 * 80
        assert list(trial_balance.imbalances()) == []
        counters.fold_all()


@pytest.mark.django_db(transaction=True)
def test_check_counts_reports_wrong_counters() -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=2, overlap=2)
    add_prompts(member.study, "What helps?")
    run = start_run(actor=SYSTEM, study=member.study, version=child_of(member.study))
    send(lease(member))
    said = StringIO()
    call_command("check_counts", stdout=said)
    assert said.getvalue() == "All stored counts are correct.\n"
    RoundCounter.objects.create(round=made, cohort=member.cohort, judged=1)
    GenerationRun.objects.update(done=1)
    with pytest.raises(CommandError) as refused:
        call_command("check_counts", stdout=said)
    assert f"round {made.id}" in str(refused.value)
    assert f"generation run {run.id}" in str(refused.value)


def test_the_trial_balance_reports_a_wrong_counter() -> None:
    member = judge()
    judging_round(member.cohort, tasks=1)
    send(lease(member))
    assert list(trial_balance.imbalances()) == []
    assert list(trial_balance.credits_against_work()) == []
    LedgerCounter.objects.create(
        study_id=member.study_id, currency="GBP", earned=1, entries=0, corrected=0, total=0
    )
    (sentence,) = trial_balance.imbalances()
    assert "differ from its legs" in sentence
