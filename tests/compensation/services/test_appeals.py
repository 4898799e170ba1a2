"""Appeals: who asks, who decides, and what happens if nobody does."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from codesign.compensation.models import Appeal, Approval, Rejection
from codesign.compensation.queries import ledger as ledger_queries
from codesign.compensation.queries import rejections as queries
from codesign.compensation.queries import trial_balance
from codesign.compensation.services import appeals, rejections
from codesign.consent import services as consent
from codesign.consent.rules import WithdrawalLevel
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import REASON, confirm, credit, propose, reject
from tests.factories.consent import sign
from tests.factories.studies import MemberFactory, staff
from tests.support.outbox import post_mail
from tests.support.together import at_once, kinds

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


@pytest.fixture
def rejection(member: Member) -> Rejection:
    return reject(credit(member), member)


def earned(member: Member) -> int:
    return ledger_queries.balances(member_id=member.id).get("GBP", 0)


def appeal(rejection: Rejection, *, by: Member | None = None, text: str = "I read it.") -> Appeal:
    return appeals.appeal(
        actor=Actor.of((by or rejection.member).user),
        study=rejection.study,
        rejection_id=rejection.id,
        text=text,
    )


def decide(
    rejection: Rejection, state: str, *, by: Member | None = None, answer: str = REASON
) -> Appeal:
    return appeals.decide(
        actor=Actor.of((by or staff(rejection.study)).user),
        study=rejection.study,
        rejection_id=rejection.id,
        state=state,
        answer=answer,
    )


@pytest.mark.parametrize(("state", "pay"), [("upheld", 0), ("granted", 80)])
def test_an_appeal_is_decided_once(
    member: Member, rejection: Rejection, state: str, pay: int
) -> None:
    appeal(rejection)
    assert earned(member) == 0
    decided = decide(rejection, state)
    assert (decided.state, decided.answer) == (state, REASON)
    assert earned(member) == pay
    for other in ("upheld", "granted"):
        with pytest.raises(Conflict, match="no longer possible"):
            decide(rejection, other)
    with pytest.raises(Conflict, match="already appealed"):
        appeal(rejection)
    assert earned(member) == pay
    assert Approval.objects.exists() is (state == "granted")
    assert list(trial_balance.imbalances()) == []


def test_only_the_person_appeals_and_only_against_a_confirmed_rejection(member: Member) -> None:
    proposal = propose(credit(member), member)
    with pytest.raises(Conflict, match="nothing to appeal against"):
        appeal(proposal)
    rejection = confirm(proposal)
    for other in (staff(member.study), MemberFactory.create(cohort=member.cohort)):
        with pytest.raises(NotFound, match="no such entry"):
            appeal(rejection, by=other)
    with pytest.raises(NotFound, match="no such rejection"):
        appeals.appeal(
            actor=Actor.of(member.user),
            study=MemberFactory.create().study,
            rejection_id=rejection.id,
            text="Mine.",
        )
    appeal(rejection)


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u200b", "x" * 4001, "a\0b"])
def test_an_appeal_says_something(rejection: Rejection, text: str) -> None:
    with pytest.raises(Invalid, match="Please") as refused:
        appeal(rejection, text=text)
    assert list(refused.value.fields) == ["text"]


def test_after_thirty_days_nobody_appeals(rejection: Rejection) -> None:
    Rejection.objects.update(confirmed_at=timezone.now() - timedelta(days=30))
    with pytest.raises(Conflict, match="time for an appeal has passed"):
        appeal(rejection)


def test_who_took_part_does_not_decide(member: Member) -> None:
    proposer, confirmer = staff(member.study), staff(member.study)
    rejection = confirm(propose(credit(member), member, by=proposer), by=confirmer)
    auditor = staff(member.study, Role.AUDITOR)
    both = staff(member.study, Role.AUDITOR, Role.SAFETY_LEAD)
    appeal(rejection)
    for other in (proposer, confirmer):
        with pytest.raises(NotPermitted, match="took part"):
            decide(rejection, "upheld", by=other)
    assert {one.id for one in queries.deciders(rejection=rejection)} == {auditor.id, both.id}
    third = staff(member.study)
    assert queries.deciders(rejection=rejection) == [third]
    with pytest.raises(NotPermitted, match="took no part"):
        decide(rejection, "granted", by=auditor)
    for role in (Role.SAFETY_LEAD, Role.ML_ENGINEER):
        with pytest.raises(NotPermitted, match="Your role"):
            decide(rejection, "granted", by=staff(member.study, role))
    with pytest.raises(NotPermitted, match="Your role"):
        decide(rejection, "granted", by=member)
    with pytest.raises(NotPermitted, match="Only a person"):
        appeals.decide(
            actor=SYSTEM,
            study=member.study,
            rejection_id=rejection.id,
            state="granted",
            answer=REASON,
        )
    third.user.is_active = False
    third.user.save(update_fields=["is_active"])
    decide(rejection, "granted", by=auditor)
    assert earned(member) == 80


@pytest.mark.parametrize(
    ("state", "answer", "field"),
    [
        ("upheld", "No.", "answer"),
        ("granted", "\u200b", "answer"),
        ("granted", "x" * 2001, "answer"),
        ("open", REASON, "state"),
    ],
)
def test_a_decision_has_an_answer(
    rejection: Rejection, state: str, answer: str, field: str
) -> None:
    appeal(rejection)
    with pytest.raises(Invalid, match=r"Please|Choose") as refused:
        decide(rejection, state, answer=answer)
    assert list(refused.value.fields) == [field]
    decide(rejection, "granted", answer="You are right.")


def test_nobody_decides_without_an_appeal(rejection: Rejection) -> None:
    with pytest.raises(NotFound, match="Nobody has appealed"):
        decide(rejection, "granted")


def test_with_an_open_appeal_the_appeal_is_decided(member: Member, rejection: Rejection) -> None:
    appeal(rejection)
    with pytest.raises(Conflict, match="decide on the appeal"):
        rejections.pay_after_all(
            actor=Actor.of(staff(member.study).user),
            study=member.study,
            rejection_id=rejection.id,
        )


def test_an_appeal_that_nobody_decides_is_granted(member: Member, rejection: Rejection) -> None:
    made = appeal(rejection)
    assert appeals.grant_overdue() == 0
    Appeal.objects.update(created_at=timezone.now() - timedelta(days=30))
    assert appeals.grant_overdue() == 1
    made.refresh_from_db()
    assert (made.state, made.decided_by) == ("granted", None)
    assert earned(member) == 80
    assert appeals.grant_overdue() == 0


def test_deciders_and_then_the_person_get_a_mail(member: Member) -> None:
    third = staff(member.study)
    rejection = reject(credit(member), member)
    post_mail()
    mail.outbox.clear()
    appeal(rejection, text="I was in hospital.")
    post_mail()
    (asked,) = mail.outbox
    assert asked.to == [third.user.email]
    mail.outbox.clear()
    decide(rejection, "granted", by=third)
    post_mail()
    (told,) = mail.outbox
    assert told.to == [member.user.email]
    for sent in (asked, told):
        for hidden in ("hospital", REASON, member.pseudonym):
            assert hidden not in f"{sent.subject} {sent.body}"


@pytest.mark.django_db(transaction=True)
def test_an_appeal_and_a_confirmation_at_once() -> None:
    member = MemberFactory.create()
    proposal = propose(credit(member), member)
    second = staff(member.study)
    done = at_once(partial(confirm, proposal, by=second), partial(appeal, proposal))
    assert kinds(done) in (["Appeal", "Rejection"], ["Conflict", "Rejection"])
    assert earned(member) == 0
    if not Appeal.objects.exists():
        appeal(proposal)
    assert Appeal.objects.get().state == "open"


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once_pay_once() -> None:
    member = MemberFactory.create()
    rejection = reject(credit(member), member)
    appeal(rejection)
    deciders = [staff(member.study) for _ in range(3)]
    done = at_once(*[partial(decide, rejection, "granted", by=one) for one in deciders])
    assert kinds(done) == ["Appeal", "Conflict", "Conflict"]
    assert earned(member) == 80


def test_former_members_appeal_and_are_erased(member: Member, rejection: Rejection) -> None:
    sign(member)
    actor = Actor.of(member.user)
    appeal(rejection)
    consent.withdraw(actor=actor, member=member, level=WithdrawalLevel.ERASE)
    found = Appeal.objects.get()
    assert (found.text, found.state) == ("", "granted")
    assert earned(member) == 80


def test_what_a_person_wrote_stays_until_they_want_it_erased(
    member: Member, rejection: Rejection
) -> None:
    sign(member)
    consent.withdraw(actor=Actor.of(member.user), member=member)
    appeal(rejection)
    decide(rejection, "upheld")
    assert Appeal.objects.get().text == "I read it."


def test_the_database_wants_an_answer_and_a_person_who_upholds(rejection: Rejection) -> None:
    made = appeal(rejection)
    rows = Appeal.objects.filter(id=made.id)
    now = timezone.now()
    values: list[tuple[dict[str, Any], str]] = [
        ({"state": "upheld"}, "appeal_decided_with_an_answer"),
        ({"state": "upheld", "answer": "x", "decided_at": now}, "appeal_upheld_by_a_person"),
        ({"answer": "x"}, "appeal_decided_with_an_answer"),
    ]
    for changes, constraint in values:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            rows.update(**changes)


def test_a_second_account_of_who_took_part_does_not_decide(member: Member) -> None:
    proposer, confirmer, alias = (staff(member.study) for _ in range(3))
    rejection = confirm(propose(credit(member), member, by=proposer), by=confirmer)
    name, _, domain = confirmer.user.email.partition("@")
    alias.user.email = f"{name}+second@{domain}"
    alias.user.save(update_fields=["email"])
    auditor = staff(member.study, Role.AUDITOR)
    appeal(rejection)
    with pytest.raises(NotPermitted, match="took part"):
        decide(rejection, "upheld", by=alias)
    assert queries.deciders(rejection=rejection) == [auditor]
    decide(rejection, "granted", by=auditor)
    assert earned(member) == 80
