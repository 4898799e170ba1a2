"""A coordinator decides on held pay: each piece ends in one state, and is paid exactly once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import Assignment, PayDecision
from annotations.rules.states import PayCheck
from annotations.services import pay_checks
from codesign.audit.models import Event
from codesign.compensation.models import RejectedWork, Rejection, Transfer
from codesign.compensation.services import appeals, payout_methods
from codesign.consent import services as consent
from codesign.consent.rules import WithdrawalLevel
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.compensation import confirm, set_rate
from tests.factories.compensation import propose as propose_to_reject
from tests.factories.payouts import Two, method_of
from tests.factories.studies import staff
from tests.support.counting import queries_of
from tests.support.held_pay import earned, held_of, without_triggers, wrong_in_the_book
from tests.support.judging_page import held, signed_in
from tests.support.together import at_once

pytestmark = pytest.mark.django_db
REASON = "The texts were answered by a program: every answer came within a third of a second. " * 2


@pytest.fixture(autouse=True)
def _as_in_earnest(settings: Any) -> None:
    """Use the real limits on work speed; other tests relax them to allow milliseconds."""
    settings.PAY_PACE = 4


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(member.cohort, tasks=12)
    return member


def decide(member: Member, state: str, *, by: Member | None = None, **changes: Any) -> int:
    coordinator = by or staff(member.study)
    values: dict[str, Any] = {"until": timezone.now(), "reason": REASON} | changes
    return pay_checks.decide(
        actor=Actor.of(coordinator.user),
        study=member.study,
        member_id=member.id,
        state=state,
        **values,
    )


# --- deciding ---------------------------------------------------------------------------------


@pytest.fixture
def quick(member: Member) -> Member:
    """Somebody with three judgements that are held."""
    for number in range(3):
        send(lease(member), key=str(number))
    assert len(held_of(member)) == 3
    return member


@pytest.mark.parametrize("state", ["used", "left_out"])
def test_each_decision_ends_every_piece_in_one_state(quick: Member, state: str) -> None:
    assert decide(quick, state) == 3
    assert earned(quick) == 240
    states = Assignment.objects.filter(member=quick).exclude(pay_check="")
    assert set(states.values_list("pay_check", flat=True)) == {state}
    log = PayDecision.objects.exclude(new_state=PayCheck.HELD)
    assert {(row.old_state, row.new_state, row.reason) for row in log} == {
        ("held", state, " ".join(REASON.split()))
    }
    event = Event.objects.get(action=pay_checks.DECIDED)
    assert event.data["pieces"] == 3
    assert not wrong_in_the_book()
    with pytest.raises(Conflict, match="already decided"):
        decide(quick, state)
    assert earned(quick) == 240


@pytest.mark.django_db(transaction=True)
def test_two_coordinators_at_once_pay_once() -> None:
    member = judge()
    judging_round(member.cohort, tasks=12)
    for number in range(3):
        send(lease(member), key=str(number))
    deciders = [staff(member.study) for _ in range(4)]
    until = timezone.now()
    done = at_once(
        *[lambda one=one: decide(member, "used", by=one, until=until) for one in deciders]
    )
    assert sorted(str(type(one).__name__) for one in done) == ["Conflict"] * 3 + ["int"]
    assert earned(member) == 240
    assert Transfer.objects.count() == 3


def test_work_is_paid_at_the_rate_of_its_lease(quick: Member) -> None:
    set_rate(quick.cohort, 500)
    first, second, _ = held_of(quick)
    assert decide(quick, "used", pieces=[first.id], until=None) == 1
    assert earned(quick) == 80
    assert decide(quick, "left_out", pieces=[second.id], until=None) == 1
    assert earned(quick) == 160
    with pytest.raises(Conflict, match="already decided"):
        decide(quick, "used", pieces=[second.id], until=None)
    for unknown in ("held", "not_paid"):
        with pytest.raises(Invalid, match="Unknown decision"):
            decide(quick, unknown, pieces=[second.id], until=None)
    assert earned(quick) == 160
    assert not wrong_in_the_book()


def test_work_held_after_the_page_was_shown_is_not_decided(quick: Member) -> None:
    seen = timezone.now()
    send(lease(quick), key="later")
    assert decide(quick, "used", until=seen) == 3
    assert len(held_of(quick)) == 1


def propose(member: Member, *, by: Member | None = None, **changes: Any) -> Rejection:
    values: dict[str, Any] = {"until": timezone.now(), "reason": REASON} | changes
    return pay_checks.propose_not_to_pay(
        actor=Actor.of((by or staff(member.study)).user),
        study=member.study,
        member_id=member.id,
        category="automated",
        **values,
    )


def test_not_to_pay_takes_two_and_a_reason_that_the_person_reads(quick: Member) -> None:
    for short in ("", "Too quick.", " " * 120, "." * 120):
        with pytest.raises(Invalid, match="at least 100 characters"):
            propose(quick, reason=short)
    proposer = staff(quick.study)
    rejection = propose(quick, by=proposer)
    assert len(held_of(quick)) == 3
    with pytest.raises(NotPermitted, match="You proposed this"):
        confirm(rejection, by=proposer)
    confirm(rejection)
    assert held_of(quick) == []
    assert earned(quick) == 0
    assert not wrong_in_the_book()
    client = signed_in(quick)
    words = client.get(reverse("compensation:mine", kwargs={"slug": quick.study.slug}))
    one = reverse(
        "compensation:own-rejection",
        kwargs={"slug": quick.study.slug, "rejection_id": rejection.id},
    )
    assert one in words.content.decode()
    assert REASON.split(".")[0] in client.get(one).content.decode()


def test_held_work_that_was_not_paid_is_paid_after_an_appeal(quick: Member) -> None:
    rejection = confirm(propose(quick))
    scope: dict[str, Any] = {"study": quick.study, "rejection_id": rejection.id}
    appeals.appeal(actor=Actor.of(quick.user), text="I know these texts.", **scope)
    decider = Actor.of(staff(quick.study).user)
    appeals.decide(actor=decider, state="granted", answer="You are right.", **scope)
    assert earned(quick) == 240
    assert not wrong_in_the_book()
    states = Assignment.objects.filter(member=quick).exclude(pay_check="")
    assert set(states.values_list("pay_check", flat=True)) == {"used"}


def test_work_that_was_paid_since_the_proposal_stays_paid(quick: Member) -> None:
    rejection = propose(quick)
    paid, *_ = held_of(quick)
    assert decide(quick, "used", pieces=[paid.id], until=None) == 1
    confirm(rejection)
    assert earned(quick) == 80
    assert not wrong_in_the_book()


def test_paid_work_is_approved(quick: Member) -> None:
    decide(quick, "used")
    credited = Transfer.objects.first()
    assert credited is not None
    with pytest.raises(Conflict, match="approved, rejected or not paid"):
        propose_to_reject(credited, quick)


def test_what_is_held_for_seven_days_is_paid_and_left_out_of_releases(quick: Member) -> None:
    rejection = propose(quick)
    assert pay_checks.pay_overdue() == 0
    with without_triggers():
        then = timezone.now() - timedelta(days=7)
        Assignment.objects.filter(pay_check=PayCheck.HELD).update(ended_at=then)
        RejectedWork.objects.update(done_at=then)
    assert pay_checks.pay_overdue() == 3
    assert earned(quick) == 240
    assert not wrong_in_the_book()
    with pytest.raises(Conflict, match="time for this has passed"):
        confirm(rejection)
    states = Assignment.objects.filter(member=quick).exclude(pay_check="")
    assert set(states.values_list("pay_check", flat=True)) == {"left_out"}


@pytest.mark.django_db(transaction=True)
def test_paying_and_confirming_at_once_pays_or_rejects_each_piece() -> None:
    member = judge()
    judging_round(member.cohort, tasks=12)
    for number in range(3):
        send(lease(member), key=str(number))
    rejection = propose(member)
    first, second = staff(member.study), staff(member.study)
    until = timezone.now()
    at_once(
        lambda: decide(member, "used", by=first, until=until),
        lambda: bool(confirm(rejection, by=second)),
    )
    assert earned(member) in (0, 240)
    assert held_of(member) == []
    assert not wrong_in_the_book()


def test_former_members_are_paid(quick: Member) -> None:
    consent.withdraw(actor=Actor.of(quick.user), member=quick)
    assert decide(quick, "used") == 3
    assert earned(quick) == 240
    assert not wrong_in_the_book()


def test_details_of_who_left_are_kept_until_held_pay_is_decided(quick: Member) -> None:
    method = method_of(quick)
    consent.withdraw(actor=Actor.of(quick.user), member=quick, level=WithdrawalLevel.ERASE)
    method.refresh_from_db()
    assert method.ciphertext
    rejection = propose(quick, pieces=[one.id for one in held_of(quick)[:2]], until=None)
    confirm(rejection)
    appeals.appeal(
        actor=Actor.of(quick.user), study=quick.study, rejection_id=rejection.id, text="I read it."
    )
    decide(quick, "used")
    two = Two.of(quick)
    batch = two.make(currency="GBP")
    two.send(batch)
    two.settle(batch)
    method.refresh_from_db()
    assert method.ciphertext  # the appeal is open
    appeals.decide(
        actor=Actor.of(staff(quick.study).user),
        study=quick.study,
        rejection_id=rejection.id,
        state="upheld",
        answer=REASON,
    )
    payout_methods.shred_unused()
    method.refresh_from_db()
    assert not method.ciphertext


def test_roles_that_may_decide(quick: Member) -> None:
    for refused in (quick, staff(quick.study, Role.AUDITOR), staff(quick.study, Role.ML_ENGINEER)):
        with pytest.raises(NotPermitted, match="Your role"):
            decide(quick, "used", by=refused)
    with pytest.raises(NotFound, match="not in it"):
        decide(quick, "used", by=staff(judge().study))
    assert earned(quick) == 0


def test_the_database_holds_what_must_never_be(quick: Member) -> None:
    piece = held_of(quick)[0]
    leased = held(quick)
    for row, state, constraint in (
        (piece, "perhaps", "assignment_pay_check_known"),
        (leased, "held", "assignment_pay_check_of_work"),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Assignment.objects.filter(id=row.id).update(pay_check=state)


def test_the_coordinators_card_and_pages(quick: Member) -> None:
    client = Client()
    client.force_login(staff(quick.study).user)
    home = client.get(reverse("desk:study", kwargs={"slug": quick.study.slug})).content.decode()
    assert "3 quick pieces from 1 person to check" in home
    listed = reverse("annotations:pay-checks", kwargs={"slug": quick.study.slug})
    assert listed in home
    words = client.get(listed).content.decode()
    assert quick.pseudonym in words
    assert "£2.40" in words
    assert quick.user.email not in words
    one = reverse(
        "annotations:pay-checks-of", kwargs={"slug": quick.study.slug, "member_id": quick.id}
    )
    page = client.get(one).content.decode()
    assert "sent faster than the text can be read" in page
    for wrong in (
        {"state": "used"},
        {"state": "not_paid", "piece": [str(held_of(quick)[0].id)], "reason": "short"},
        {"state": "not_paid", "piece": [str(held_of(quick)[0].id)], "reason": REASON},
        {"state": "nonsense", "piece": ["x", "\0"]},
        {"state": "used", "everything": "yes", "until": "2026-99-99"},
    ):
        assert client.post(one, wrong).status_code == 400
    pieces = [str(piece.id) for piece in held_of(quick)]
    not_to_pay = {"state": "not_paid", "category": "automated", "reason": REASON}
    proposed = client.post(one, {**not_to_pay, "piece": pieces[:1]}, follow=True)
    assert "Another coordinator has to confirm it" in proposed.content.decode()
    assert proposed.content.decode().count("proposed not to pay") == 1
    done = client.post(one, {"state": "used", "piece": pieces}, follow=True)
    assert "Decided on 3 pieces." in done.content.decode()
    assert "No pay is held" in done.content.decode()
    assert earned(quick) == 240


def test_all_held_work_of_a_person_is_decided_at_once(quick: Member) -> None:
    client = Client()
    client.force_login(staff(quick.study).user)
    one = reverse(
        "annotations:pay-checks-of", kwargs={"slug": quick.study.slug, "member_id": quick.id}
    )
    until = timezone.now().isoformat()
    assert client.post(one, {"state": "used", "everything": "1", "until": until}).status_code == 302
    assert earned(quick) == 240


@pytest.mark.parametrize(
    ("role", "status"), [(Role.AUDITOR, 200), (Role.ML_ENGINEER, 403), (Role.SAFETY_LEAD, 403)]
)
def test_only_roles_with_permission_see_the_pages(quick: Member, role: Role, status: int) -> None:
    client = Client()
    client.force_login(staff(quick.study, role).user)
    keys = {"slug": quick.study.slug}
    one = reverse("annotations:pay-checks-of", kwargs={**keys, "member_id": quick.id})
    for address in (reverse("annotations:pay-checks", kwargs=keys), one):
        assert client.get(address).status_code == status
        own = signed_in(quick).get(address)
        assert own.status_code == 403
    refused = client.post(one, {"state": "used", "piece": [str(held_of(quick)[0].id)]})
    assert refused.status_code == 403
    assert earned(quick) == 0


def test_a_person_of_another_study_is_not_found(quick: Member) -> None:
    other = judge()
    client = Client()
    client.force_login(staff(quick.study).user)
    keys = {"slug": quick.study.slug, "member_id": other.id}
    assert client.get(reverse("annotations:pay-checks-of", kwargs=keys)).status_code == 404


def test_queries_do_not_grow_with_held_work(quick: Member) -> None:
    client = Client()
    client.force_login(staff(quick.study).user)
    keys = {"slug": quick.study.slug}
    addresses: list[str] = [
        reverse("annotations:pay-checks", kwargs=keys),
        reverse("annotations:pay-checks-of", kwargs={**keys, "member_id": quick.id}),
    ]
    before = [queries_of(client, address) for address in addresses]
    for number in range(3, 9):
        send(lease(quick), key=str(number))
    assert [queries_of(client, address) for address in addresses] == before
