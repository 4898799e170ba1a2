"""Pages of rejections and appeals for the staff."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.compensation.models import Appeal, Rejection
from codesign.compensation.queries import ledger as queries
from codesign.compensation.services import appeals
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import REASON, credit, propose, reject
from tests.factories.studies import MemberFactory, staff
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def address(name: str, member: Member, **names: object) -> str:
    return reverse(f"compensation:{name}", kwargs={"slug": member.study.slug, **names})


def page_of(rejection: Rejection) -> str:
    return address("rejection", rejection.member, rejection_id=rejection.id)


def earned(member: Member) -> int:
    return queries.balances(member_id=member.id).get("GBP", 0)


def appeal(rejection: Rejection) -> None:
    appeals.appeal(
        actor=Actor.of(rejection.member.user),
        study=rejection.study,
        rejection_id=rejection.id,
        text="I read each text.",
    )


def test_two_coordinators_reject_work(member: Member, client: Client) -> None:
    made = credit(member)
    proposer, other = staff(member.study), staff(member.study)
    reject_page = address("reject", member, transfer_id=made.id)
    client.force_login(proposer.user)
    asked = client.get(reject_page).content.decode()
    assert f"the work of {member.pseudonym} for £0.80" in asked
    assert "differs from other answers is never a reason" in asked
    for wrong in (
        {},
        {"category": "automated", "reason": "x"},
        {"category": "disagrees", "reason": REASON},
    ):
        assert client.post(reject_page, wrong).status_code == 400
    sent = {"category": "automated", "reason": REASON}
    proposed = client.post(reject_page, sent, follow=True).content.decode()
    assert "Nothing is taken away before another coordinator confirms" in proposed
    assert "another coordinator has to confirm it" in proposed
    assert "Confirm the rejection" not in proposed
    rejection = Rejection.objects.get()
    assert client.post(page_of(rejection), {"do": "confirm"}).status_code == 403
    assert earned(member) == 80

    client.force_login(other.user)
    home = client.get(reverse("desk:study", kwargs={"slug": member.study.slug}))
    assert "1 proposal to reject work waits" in home.content.decode()
    assert page_of(rejection) in client.get(address("rejections", member)).content.decode()
    assert REASON in client.get(page_of(rejection)).content.decode()
    done = client.post(page_of(rejection), {"do": "confirm"}, follow=True).content.decode()
    assert "The person gets a mail and can appeal" in done
    assert earned(member) == 0
    assert client.post(page_of(rejection), {"do": "confirm"}).status_code == 409
    paid = client.post(page_of(rejection), {"do": "pay"}, follow=True).content.decode()
    assert "paid after all" in paid
    assert earned(member) == 80


def test_all_work_of_a_person_is_rejected_with_one_reason(member: Member, client: Client) -> None:
    made, *_others = [credit(member) for _ in range(4)]
    taken = credit(member)
    propose(taken, member)
    credit(MemberFactory.create(cohort=member.cohort))
    client.force_login(staff(member.study).user)
    reject_page = address("reject", member, transfer_id=made.id)
    assert "3 more pieces" in client.get(reject_page).content.decode()
    sent = {"category": "automated", "reason": REASON, "everything": "on"}
    assert client.post(reject_page, sent).status_code == 302
    newest = Rejection.objects.order_by("created_at").last()
    assert newest is not None
    assert newest.works.count() == 4
    client.force_login(staff(member.study).user)
    client.post(page_of(newest), {"do": "confirm"})
    assert earned(member) == 80
    few = queries_of(client, page_of(newest))
    assert few == queries_of(client, page_of(reject(credit(member), member)))


def test_a_proposal_is_taken_back(member: Member, client: Client) -> None:
    rejection = propose(credit(member), member)
    client.force_login(staff(member.study).user)
    done = client.post(page_of(rejection), {"do": "take_back"}, follow=True)
    assert "Nothing was taken away" in done.content.decode()
    assert earned(member) == 80


def test_the_only_coordinator_learns_whom_to_ask(member: Member, client: Client) -> None:
    made = credit(member)
    alone = staff(member.study)
    client.force_login(alone.user)
    reject_page = address("reject", member, transfer_id=made.id)
    said = "You are the only coordinator who can sign in"
    people = reverse("enrolment:people", kwargs={"slug": member.study.slug})
    asked = client.get(reject_page).content.decode()
    assert said in asked
    assert people in asked
    rejection = propose(made, member, by=alone)
    assert said in client.get(page_of(rejection)).content.decode()
    staff(member.study)
    assert said not in client.get(reject_page).content.decode()


def test_an_appeal_is_decided_by_somebody_else(member: Member, client: Client) -> None:
    rejection = reject(credit(member), member)
    appeal(rejection)
    client.force_login(rejection.proposed_by.user)
    page = client.get(page_of(rejection)).content.decode()
    assert "Nobody in this study can decide now" in page
    third = staff(member.study)
    assert "You took part in the rejection" in client.get(page_of(rejection)).content.decode()
    sent = {"do": "decide", "state": "granted", "answer": "You are right."}
    assert client.post(page_of(rejection), sent).status_code == 403
    client.force_login(third.user)
    home = client.get(reverse("desk:study", kwargs={"slug": member.study.slug}))
    assert "1 appeal waits for you" in home.content.decode()
    assert "I read each text." in client.get(page_of(rejection)).content.decode()
    for wrong in ({}, {"state": "upheld", "answer": "No."}, {"state": "granted", "answer": " "}):
        assert client.post(page_of(rejection), {"do": "decide", **wrong}).status_code == 400
    done = client.post(page_of(rejection), sent, follow=True).content.decode()
    assert "You are right." in done
    assert earned(member) == 80


def test_an_auditor_decides_where_every_coordinator_took_part(
    member: Member, client: Client
) -> None:
    rejection = reject(credit(member), member)
    appeal(rejection)
    client.force_login(staff(member.study, Role.AUDITOR).user)
    home = client.get(reverse("desk:study", kwargs={"slug": member.study.slug}))
    assert "1 appeal waits for you" in home.content.decode()
    sent = {"do": "decide", "state": "upheld", "answer": REASON}
    assert client.post(page_of(rejection), sent).status_code == 302
    assert Appeal.objects.get().state == "upheld"
    for do in ("confirm", "take_back", "pay"):
        assert client.post(page_of(rejection), {"do": do}).status_code == 403
    assert earned(member) == 0


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_who_sees_the_pages(member: Member, role: Role, client: Client) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    made = credit(member)
    rejection = propose(credit(member), member)
    client.force_login((member if judges else staff(member.study, role)).user)
    reads = 200 if role == Role.AUDITOR else 403
    assert client.get(address("rejections", member)).status_code == reads
    assert client.get(page_of(rejection)).status_code == reads
    reject_page = address("reject", member, transfer_id=made.id)
    assert client.get(reject_page).status_code == 403
    sent = {"category": "automated", "reason": REASON}
    assert client.post(reject_page, sent).status_code == 403
    assert client.post(page_of(rejection), {"do": "confirm"}).status_code == 403
    assert Rejection.objects.count() == 1
    assert earned(member) == 160


def test_rejections_of_another_study_are_not_there(member: Member, client: Client) -> None:
    made = credit(member)
    rejection = propose(made, member)
    other = staff(MemberFactory.create().study)
    client.force_login(other.user)
    elsewhere = address("rejection", other, rejection_id=rejection.id)
    assert client.get(elsewhere).status_code == 404
    assert client.post(elsewhere, {"do": "confirm"}).status_code == 404
    assert client.get(address("reject", other, transfer_id=made.id)).status_code == 404
    assert earned(member) == 80


def test_queries_do_not_grow(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    appeal(reject(credit(member), member))
    propose(credit(member), member)
    few = queries_of(client, address("rejections", member))
    for _ in range(4):
        appeal(reject(credit(member), member))
        propose(credit(member), member)
    assert queries_of(client, address("rejections", member)) == few
