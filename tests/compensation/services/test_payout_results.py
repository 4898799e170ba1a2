"""Results: all or nothing, once, and nothing is sent again while its outcome is unknown."""

from __future__ import annotations

from functools import partial

import pytest
from django.core import mail

from codesign.compensation.models import Payout, PayoutOutcome, ResultFile, Transfer
from codesign.compensation.queries import ledger as book
from codesign.compensation.queries import payout_checks, trial_balance
from codesign.compensation.services import payout_results
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.studies.models import Member
from tests.factories.payouts import Two, owed
from tests.support.outbox import post_mail
from tests.support.together import at_once, kinds

pytestmark = pytest.mark.django_db


def proven() -> None:
    wrong = [*trial_balance.imbalances(), *payout_checks.payouts_against_ledger()]
    assert wrong == []


def balance(member: Member) -> int:
    return book.balances(member_id=member.id)["EUR"]


def sent(people: int = 3) -> tuple[Two, list[Payout]]:
    """A batch that was sent, with its payouts in the order of their people."""
    first = owed()
    for _ in range(people - 1):
        owed(first.cohort)
    two = Two.of(first)
    two.send(batch := two.make())
    return two, list(batch.payouts.select_related("batch", "member__user").order_by("member_id"))


def states(payouts: list[Payout]) -> list[str]:
    for payout in payouts:
        payout.refresh_from_db()
    return [payout.state for payout in payouts]


def test_each_outcome_moves_its_money() -> None:
    two, payouts = sent()
    paid, failed, unknown = payouts
    batch = paid.batch
    moved = two.report(
        batch, **{paid.reference: "paid", failed.reference: "failed", unknown.reference: "unknown"}
    )
    assert moved == 3
    assert states(payouts) == ["paid", "failed", "unknown"]
    assert [balance(payout.member) for payout in payouts] == [0, 1000, 0]
    totals = {kind: total for kind, _, total in trial_balance.totals()}
    assert (totals["bank"], totals["in_flight"], totals["payable"]) == (1000, 1000, 1000)
    proven()
    batch.refresh_from_db()
    assert batch.state == "sent"


def test_failures_are_told_to_their_people() -> None:
    two, payouts = sent(2)
    post_mail()
    mail.outbox.clear()
    two.report(payouts[0].batch, **{payouts[0].reference: "failed", payouts[1].reference: "paid"})
    post_mail()
    (written,) = mail.outbox
    assert written.to == [payouts[0].member.user.email]
    assert written.subject == "Your payment did not arrive"
    assert "10.00" not in str(written.body)


def test_a_failed_payout_is_owed_again_and_sent_under_a_new_reference() -> None:
    two, (payout,) = sent(1)
    two.report(payout.batch, **{payout.reference: "failed"})
    two.send(again := two.make())
    assert again.payouts.get().reference != payout.reference
    two.settle(again)
    assert balance(payout.member) == 0
    assert Transfer.objects.filter(kind="paid").count() == 1
    proven()


def test_an_unknown_outcome_is_never_sent_again() -> None:  # standards 3.11
    two, (payout,) = sent(1)
    two.report(payout.batch, **{payout.reference: "unknown"})
    with pytest.raises(Conflict, match="Nobody can be paid"):
        two.make()
    two.report(payout.batch, **{payout.reference: "failed"})
    assert balance(payout.member) == 1000
    payout.batch.refresh_from_db()
    assert payout.batch.state == "settled"
    two.make()
    proven()


def test_the_same_file_again_changes_nothing() -> None:
    two, payouts = sent()
    outcomes = {payout.reference: "paid" for payout in payouts}
    assert two.report(payouts[0].batch, **outcomes) == 3
    before = Transfer.objects.count(), PayoutOutcome.objects.count(), ResultFile.objects.count()
    assert two.report(payouts[0].batch, **outcomes) == 0
    reordered = dict(reversed(outcomes.items()))
    assert two.report(payouts[0].batch, **reordered) == 0  # another file that says the same
    after = Transfer.objects.count(), PayoutOutcome.objects.count(), ResultFile.objects.count()
    assert after == (before[0], before[1], before[2] + 1)
    proven()


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_move_money_once() -> None:
    two, payouts = sent()
    outcomes = {payout.reference: "paid" for payout in payouts}
    report = partial(two.report, payouts[0].batch, **outcomes)
    assert sorted(at_once(report, report), key=str) == [0, 3]
    contrary = partial(
        two.report, payouts[0].batch, **{payout.reference: "failed" for payout in payouts}
    )
    assert kinds(at_once(contrary, contrary)) == ["Invalid", "Invalid"]
    assert Transfer.objects.filter(kind="paid").count() == 3
    proven()


def test_rows_that_are_missing_stay_on_their_way() -> None:
    two, payouts = sent()
    two.report(payouts[0].batch, **{payouts[1].reference: "paid"})
    assert states(payouts) == ["in_flight", "paid", "in_flight"]
    proven()


@pytest.mark.parametrize("wrong", ["PYX,paid", "{0},paid", "{1},perhaps", "TOTAL,,1.00"])
def test_one_wrong_row_imports_nothing(wrong: str) -> None:
    two, payouts = sent()
    references = [payout.reference for payout in payouts]
    head = "reference,outcome,amount\n" if "TOTAL" in wrong else "reference,outcome\n"
    end = "," if "TOTAL" in wrong else ""
    content = f"{head}{references[0]},paid{end}\n{wrong.format(*references)}\n"
    with pytest.raises(Invalid) as refused:
        payout_results.import_results(
            actor=Actor.of(two.maker.user), batch=payouts[0].batch, content=content.encode()
        )
    assert refused.value.fields["file"][0].startswith("Line 3: ")
    assert states(payouts) == ["in_flight"] * 3
    assert not ResultFile.objects.exists()
    proven()


def test_many_wrong_rows_are_counted() -> None:
    two, payouts = sent(1)
    rows = {f"PYX{number}": "paid" for number in range(25)}
    with pytest.raises(Invalid) as refused:
        two.report(payouts[0].batch, **rows)
    assert len(refused.value.fields["file"]) == 21
    assert refused.value.fields["file"][-1] == "And 5 more lines."


def test_results_of_a_batch_that_was_not_sent_are_refused() -> None:
    member = owed()
    two = Two.of(member)
    batch = two.make()
    for _ in range(2):
        with pytest.raises(Conflict, match="no longer possible"):
            two.report(batch, **{batch.payouts.get().reference: "paid"})
        if batch.state == "drafted":
            batch = two.approve(batch)
