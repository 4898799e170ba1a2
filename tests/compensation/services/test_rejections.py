"""Rejections: two people, in time, once; and what they do to the ledger."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.accounts.services import make_account
from codesign.audit.models import Event
from codesign.compensation.models import Approval, Leg, RejectedWork, Rejection, Transfer
from codesign.compensation.queries import ledger as ledger_queries
from codesign.compensation.queries import trial_balance
from codesign.compensation.services import appeals, approvals, ledger, rejections
from codesign.consent import services as consent
from codesign.consent.rules import WithdrawalLevel
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted, Refusal
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import REASON, confirm, credit, propose, reject
from tests.factories.consent import sign
from tests.factories.studies import MemberFactory, staff
from tests.support.held_pay import without_triggers
from tests.support.outbox import post_mail
from tests.support.together import at_once, kinds

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def earned(member: Member) -> int:
    return ledger_queries.balances(member_id=member.id).get("GBP", 0)


def credit_at(member: Member, age: timedelta) -> Transfer:
    made = ledger.credit(
        member=member,
        about=("test_work", uuid.uuid4(), "a text"),
        amount_minor=80,
        currency="GBP",
        effective_at=timezone.now() - age,
    )
    assert made is not None
    return made


def call(name: str, rejection: Rejection, by: Member) -> Any:
    service = getattr(rejections, name)
    actor = Actor.of(by.user)
    return service(actor=actor, study=rejection.study, rejection_id=rejection.id)


# --- two people -----------------------------------------------------------------------------------


def test_pay_is_taken_only_after_another_coordinator_confirms(member: Member) -> None:
    rejection = propose(credit(member), member)
    assert earned(member) == 80
    confirm(rejection)
    assert earned(member) == 0
    assert list(trial_balance.imbalances()) == []
    moves = Event.objects.filter(about_id=rejection.id).order_by("id")
    assert [event.action for event in moves] == [rejections.PROPOSED, rejections.MOVED]
    assert REASON not in str([event.data for event in moves])


def test_nobody_confirms_their_own_proposal(member: Member) -> None:
    coordinator = staff(member.study)
    rejection = propose(credit(member), member, by=coordinator)
    with pytest.raises(NotPermitted, match="You proposed this"):
        confirm(rejection, by=coordinator)
    assert earned(member) == 80


def test_a_second_address_of_the_proposer_does_not_confirm(member: Member) -> None:
    coordinator = staff(member.study)
    name, _, domain = coordinator.user.email.partition("@")
    alias = staff(member.study)
    alias.user.email = f"{name}+second@{domain}"
    alias.user.save(update_fields=["email"])
    made = make_account(
        actor=Actor.of(coordinator.user), email="made@example.org", password="pw-one-two"
    )
    theirs = Member.objects.create(study=member.study, user=made, roles=[Role.COORDINATOR])
    rejection = propose(credit(member), member, by=coordinator)
    theirs_proposed = propose(credit(member), member, by=theirs)
    with pytest.raises(NotPermitted, match="not independent"):
        confirm(theirs_proposed, by=coordinator)
    for other in (alias, theirs):
        with pytest.raises(NotPermitted, match="not independent"):
            confirm(rejection, by=other)
    assert earned(member) == 160


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_only_coordinators_propose_confirm_and_take_back(member: Member, role: Role) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    other = member if judges else staff(member.study, role)
    made = credit(member)
    with pytest.raises(NotPermitted, match="Your role"):
        propose(made, member, by=other)
    rejection = propose(made, member)
    for name in ("confirm", "take_back", "pay_after_all"):
        with pytest.raises(NotPermitted, match="Your role"):
            call(name, rejection, other)
    assert earned(member) == 80


def test_no_program_rejects(member: Member) -> None:
    made = credit(member)
    scope: dict[str, Any] = {"actor": SYSTEM, "study": member.study}
    works = [(made.about_kind, made.about_id)]
    with pytest.raises(NotPermitted, match="Only a person"):
        rejections.propose(
            **scope, member_id=member.id, works=works, category="automated", reason=REASON
        )
    rejection = propose(made, member)
    with pytest.raises(NotPermitted, match="Only a person"):
        rejections.confirm(**scope, rejection_id=rejection.id)
    assert earned(member) == 80


@pytest.mark.parametrize(
    ("category", "reason", "field"),
    [
        ("disagrees", REASON, "category"),
        ("", REASON, "category"),
        ("automated", "x", "reason"),
        ("automated", "too short " + "\u200b" * 200, "reason"),
    ],
)
def test_a_proposal_needs_a_category_and_a_reason(
    member: Member, category: str, reason: str, field: str
) -> None:
    made = credit(member)
    with pytest.raises(Invalid, match=r"Choose|100") as refused:
        rejections.propose(
            actor=Actor.of(staff(member.study).user),
            study=member.study,
            member_id=member.id,
            works=[(made.about_kind, made.about_id)],
            category=category,
            reason=reason,
        )
    assert list(refused.value.fields) == [field]


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_at_once_take_the_pay_once() -> None:
    member = MemberFactory.create()
    rejection = propose(credit(member), member)
    others = [staff(member.study) for _ in range(3)]
    done = at_once(*[partial(confirm, rejection, by=one) for one in others])
    assert kinds(done) == ["Conflict", "Conflict", "Rejection"]
    assert earned(member) == 0
    assert Transfer.objects.filter(reverses__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_approval_and_a_proposal_at_once_leave_one_of_them() -> None:
    member = MemberFactory.create()
    made = credit(member)
    first, second = staff(member.study), staff(member.study)
    approve = partial(
        approvals.approve_credits,
        actor=Actor.of(first.user),
        study=member.study,
        transfers=[made.id],
    )
    at_once(approve, partial(propose, made, member, by=second))
    assert Approval.objects.count() + RejectedWork.objects.filter(counts=True).count() == 1


# --- in time, and once ----------------------------------------------------------------------------


def test_after_seven_days_work_cannot_be_rejected(member: Member) -> None:
    with pytest.raises(Conflict, match="approved, rejected or not paid"):
        propose(credit_at(member, timedelta(days=7)), member)
    rejection = propose(credit_at(member, timedelta(days=6, hours=23)), member)
    assert rejections.lapse_overdue() == 0
    confirm(rejection)
    assert earned(member) == 80  # only the one that was too old to be rejected


def test_a_proposal_that_nobody_confirms_in_time_lapses(member: Member) -> None:
    made = credit(member)
    rejection = propose(made, member)
    then = timezone.now() - timedelta(days=7)
    with without_triggers():
        RejectedWork.objects.update(done_at=then)
        Transfer.objects.update(effective_at=then)
    with pytest.raises(Conflict, match="The time for this has passed"):
        confirm(rejection)
    assert rejections.lapse_overdue() == 1
    rejection.refresh_from_db()
    assert rejection.state == "lapsed"
    assert earned(member) == 80
    with pytest.raises(Conflict, match="approved, rejected or not paid"):
        propose(made, member)


def test_work_is_in_one_rejection_at_a_time(member: Member) -> None:
    made = credit(member)
    first = propose(made, member)
    with pytest.raises(Conflict, match="approved, rejected or not paid"):
        propose(made, member)
    call("take_back", first, staff(member.study))
    with pytest.raises(Conflict, match="taken back"):
        confirm(first)
    second = propose(made, member)
    works = RejectedWork.objects.filter(rejection=first)
    with pytest.raises(IntegrityError, match="rejected_work_counts_once"), transaction.atomic():
        works.update(counts=True)
    confirm(second)
    with pytest.raises(Conflict, match="confirmed"):
        call("take_back", second, staff(member.study))
    assert earned(member) == 0


def test_work_that_was_approved_since_is_left_out(member: Member) -> None:
    first, second = credit(member, 80), credit(member, 50)
    rejection = rejections.propose(
        actor=Actor.of(staff(member.study).user),
        study=member.study,
        member_id=member.id,
        works=[(one.about_kind, one.about_id) for one in (first, second)],
        category="copied",
        reason=REASON,
    )
    Approval.objects.create(
        study=member.study, about_kind=first.about_kind, about_id=first.about_id
    )
    confirm(rejection)
    assert earned(member) == 80


def test_what_is_not_this_persons_work_is_refused(member: Member) -> None:
    other = MemberFactory.create(cohort=member.cohort)
    with pytest.raises(Conflict, match="approved, rejected or not paid"):
        propose(credit(other), member)
    with pytest.raises(NotFound, match="no such person"):
        rejections.propose(
            actor=Actor.of(staff(member.study).user),
            study=member.study,
            member_id=MemberFactory.create().id,
            works=[],
            category="automated",
            reason=REASON,
        )


def test_a_mistake_is_paid_after_all_for_good(member: Member) -> None:
    made = credit(member)
    rejection = reject(made, member)
    call("pay_after_all", rejection, staff(member.study))
    assert earned(member) == 80
    with pytest.raises(Conflict, match="revoked"):
        call("pay_after_all", rejection, staff(member.study))
    with pytest.raises(Conflict, match="approved, rejected or not paid"):
        propose(made, member)


def test_the_database_holds_that_two_confirm(member: Member) -> None:
    rejection = reject(credit(member), member)
    rows = Rejection.objects.filter(id=rejection.id)
    changes: list[tuple[dict[str, Any], str]] = [
        ({"confirmed_by": rejection.proposed_by}, "rejection_confirmed_by_another"),
        ({"confirmed_by": None}, "rejection_confirmed_has_two"),
        ({"state": "proposed"}, "rejection_confirmed_has_two"),
        ({"state": "perhaps", "confirmed_by": None, "confirmed_at": None}, "rejection_state_known"),
    ]
    for values, constraint in changes:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            rows.update(**values)


# --- the person -----------------------------------------------------------------------------------


def test_the_person_gets_a_mail_without_the_work(member: Member) -> None:
    rejection = propose(credit(member), member)
    post_mail()
    assert mail.outbox == []
    confirm(rejection)
    post_mail()
    (sent,) = mail.outbox
    assert sent.to == [member.user.email]
    assert f"/pay/not-accepted/{rejection.id}/" in str(sent.body)
    assert "30 days" in str(sent.body)
    for hidden in (REASON, "a text", member.study.title):
        assert hidden not in f"{sent.subject} {sent.body}"


@pytest.mark.parametrize("level", list(WithdrawalLevel))
def test_withdrawal_ends_a_proposal_and_the_pay_stays(
    member: Member, level: WithdrawalLevel
) -> None:
    sign(member)
    made = credit(member)
    rejection = propose(made, member)
    consent.withdraw(actor=Actor.of(member.user), member=member, level=level)
    rejection.refresh_from_db()
    assert rejection.state == "lapsed"
    with pytest.raises(Conflict, match="lapsed"):
        confirm(rejection)
    with pytest.raises(Conflict, match="What they earned is paid"):
        propose(made, member)
    assert earned(member) == 80


# --- any sequence ---------------------------------------------------------------------------------

STEPS = ("propose", "confirm", "take_back", "pay", "appeal", "uphold", "grant", "approve", "lapse")


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 2)), max_size=14))
def test_the_net_of_a_credit_is_zero_or_its_amount(
    steps: list[tuple[str, int]],
) -> None:
    sid = transaction.savepoint()
    try:
        member = MemberFactory.create()
        coordinators = [staff(member.study) for _ in range(3)]
        made = credit(member)
        for step, who in steps:
            try:
                with transaction.atomic():
                    take(step, made, member, coordinators[who])
            except Refusal:
                pass
            assert earned(member) in (0, 80), steps
            assert Leg.objects.aggregate(total=Sum("amount_minor"))["total"] == 0
            taken = Rejection.objects.filter(state="confirmed").exists()
            assert earned(member) == (0 if taken else 80), steps
        assert list(trial_balance.imbalances()) == []
    finally:
        transaction.savepoint_rollback(sid)


def take(step: str, made: Transfer, member: Member, by: Member) -> None:
    """Take one step with the newest rejection, as a coordinator or as the person."""
    if step == "propose":
        propose(made, member, by=by)
        return
    if step == "approve":
        approvals.approve_credits(actor=Actor.of(by.user), study=member.study, transfers=[made.id])
        return
    if step == "lapse":
        rejections.lapse_of(actor=SYSTEM, member=member)
        return
    newest = Rejection.objects.order_by("created_at").last()
    if newest is None:
        return
    scope: dict[str, Any] = {"study": member.study, "rejection_id": newest.id}
    if step == "appeal":
        appeals.appeal(actor=Actor.of(member.user), text="I read each text.", **scope)
    elif step in ("uphold", "grant"):
        state = "upheld" if step == "uphold" else "granted"
        appeals.decide(actor=Actor.of(by.user), state=state, answer=REASON, **scope)
    else:
        call({"pay": "pay_after_all"}.get(step, step), newest, by)
