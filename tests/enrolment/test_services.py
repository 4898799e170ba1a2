"""From an address to a member."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.core import mail
from django.test import Client
from django.urls import reverse

from codesign.accounts import services as accounts
from codesign.accounts.models import OutgoingMail, User
from codesign.enrolment import queries, services
from codesign.enrolment.models import Invitation
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies import services as study_services
from codesign.studies.models import Cohort, Member, Study
from codesign.studies.rules import Role
from tests.factories.accounts import UserFactory
from tests.factories.consent import sign
from tests.factories.studies import CohortFactory, MemberFactory, staff
from tests.support.counting import queries_in, queries_of
from tests.support.outbox import CODE, code_in, post_mail
from tests.support.together import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def cohort() -> Cohort:
    return CohortFactory.create()


@pytest.fixture
def coordinator(cohort: Cohort) -> Member:
    return staff(cohort.study)


def invite(coordinator: Member, email: str, cohort: Cohort | None, role: str = "panelist") -> Any:
    return services.invite(
        actor=Actor.of(coordinator.user),
        study=coordinator.study,
        email=email,
        roles=[role],
        cohort=cohort,
    )


def prove(user: User) -> None:
    """Verify the person's e-mail address, as the mailed code does."""
    address = EmailAddress.objects.get(user=user)
    address.verified = True
    address.save()
    email_confirmed.send(sender=EmailAddress, request=None, email_address=address)


def test_who_has_an_account_joins_by_accepting(cohort: Cohort, coordinator: Member) -> None:
    user = UserFactory.create(email="robin@example.org")
    invitation = invite(coordinator, "Robin@Example.org ", cohort)
    assert isinstance(invitation, Invitation)
    assert not Member.objects.filter(user=user).exists()
    member = services.accept(user=user, invitation_id=invitation.id)
    assert (member.user, member.cohort, member.roles) == (user, cohort, ["panelist"])
    with pytest.raises(NotFound, match="no longer open"):
        services.accept(user=user, invitation_id=invitation.id)


def test_only_the_invited_address_can_accept(cohort: Cohort, coordinator: Member) -> None:
    invitation = invite(coordinator, "robin@example.org", cohort)
    others = [
        UserFactory.create(email="sam@example.org"),
        UserFactory.create(email="robin@example.org", verified=False),
        coordinator.user,
    ]
    for user in others:
        for answer in (services.accept, services.decline):
            with pytest.raises(NotFound, match="no longer open"):
                answer(user=user, invitation_id=invitation.id)
    assert queries.waiting(study_id=cohort.study_id).count() == 1


def test_declined_invitation_is_not_shown_again(
    cohort: Cohort, coordinator: Member, client: Client
) -> None:
    user = UserFactory.create(email="robin@example.org")
    invitation = invite(coordinator, user.email, cohort)
    client.force_login(user)
    here = reverse("enrolment:invitations")
    assert client.get(reverse("desk:home")).headers["Location"] == here
    assert cohort.study.title in client.get(here).content.decode()
    assert client.get(reverse("desk:home") + "?later=1").status_code == 200
    no = {"invitation": str(invitation.id), "answer": "decline"}
    assert client.post(here, no).headers["Location"] == here
    assert client.get(here).headers["Location"] == reverse("desk:home")
    assert client.post(here, no).status_code == 404
    assert client.post(here, {"invitation": "x", "answer": "join"}).status_code < 500
    assert not Member.objects.filter(user=user).exists()
    assert isinstance(invite(coordinator, user.email, cohort), Invitation)  # may be asked again


def test_accepting_leads_to_the_study(cohort: Cohort, coordinator: Member, client: Client) -> None:
    user = UserFactory.create(email="robin@example.org")
    invitation = invite(coordinator, user.email, cohort)
    here = reverse("enrolment:invitations")
    assert client.get(here).headers["Location"].startswith(reverse("account_login"))
    client.force_login(user)
    answer = client.post(here, {"invitation": str(invitation.id), "answer": "join"})
    assert answer.headers["Location"] == reverse("desk:study", kwargs={"slug": cohort.study.slug})
    assert Member.objects.get(user=user).cohort == cohort


ACCOUNTS: dict[str, Callable[[str], Any]] = {
    "proven": lambda email: UserFactory.create(email=email),
    "unproven": lambda email: UserFactory.create(email=email, verified=False),
    "stopped": lambda email: UserFactory.create(email=email, is_active=False),
    "none": lambda email: None,
}


def test_inviting_does_not_reveal_whether_an_account_exists(
    cohort: Cohort, coordinator: Member, client: Client
) -> None:
    """Result, page, list, e-mail and number of queries are the same with and without an account."""
    client.force_login(coordinator.user)
    client.get(reverse("enrolment:people", kwargs={"slug": cohort.study.slug}))
    seen = set()
    for make in ACCOUNTS.values():
        for place in (f"cohort:{cohort.key}", "role:auditor"):
            make("sam@example.org")
            people = reverse("enrolment:people", kwargs={"slug": cohort.study.slug})
            sent = {"email": "sam@example.org", "place": place}
            asked = queries_in(partial(client.post, people, sent), status=302)
            page = client.get(people).content.decode()
            mail = OutgoingMail.objects.get()
            seen.add(
                (
                    place,
                    asked,
                    mail.subject,
                    mail.body,
                    re.sub(r"[\w-]{36,}", "", page),  # tokens and ids
                )
            )
            OutgoingMail.objects.all().delete()
            Invitation.objects.all().delete()
            User.objects.filter(email="sam@example.org").delete()
    assert len(seen) == 2  # one for each place


def test_inviting_a_member_says_that_they_are_in_the_study(
    cohort: Cohort, coordinator: Member
) -> None:
    member = MemberFactory.create(cohort=cohort)
    with pytest.raises(Conflict, match="already in the study"):
        invite(coordinator, member.user.email.upper(), cohort)
    assert not Invitation.objects.exists()


def test_who_judged_here_does_not_come_back_as_staff_with_another_address(
    cohort: Cohort, coordinator: Member
) -> None:
    former = MemberFactory.create(cohort=cohort)
    sign(former)
    study_services.remove_member(actor=Actor.of(coordinator.user), member=former)
    invite(coordinator, "new@example.org", None, Role.ML_ENGINEER)
    EmailAddress.objects.filter(user=former.user).update(email="new@example.org", verified=False)
    prove(former.user)
    former.refresh_from_db()
    assert former.left_at
    assert queries.waiting(study_id=cohort.study_id).count() == 1


def test_anybody_else_joins_when_the_address_is_proven(cohort: Cohort, coordinator: Member) -> None:
    invitation = invite(coordinator, "Sam@Example.org", cohort)
    assert isinstance(invitation, Invitation)
    user = UserFactory.create(email="sam@example.org", verified=False)
    assert not Member.objects.filter(user=user).exists()
    prove(user)
    member = Member.objects.get(user=user)
    invitation.refresh_from_db()
    assert (member.cohort, invitation.member) == (cohort, member)
    assert invitation.accepted_at
    prove(user)  # again: nothing more happens
    assert Member.objects.filter(user=user).count() == 1


def test_unproven_address_cannot_accept(cohort: Cohort, coordinator: Member) -> None:
    UserFactory.create(email="sam@example.org", verified=False)
    assert isinstance(invite(coordinator, "sam@example.org", cohort), Invitation)


def test_an_account_made_by_an_admin_takes_its_places(cohort: Cohort, coordinator: Member) -> None:
    invite(coordinator, "kim@example.org", cohort)
    other = staff(CohortFactory.create().study)
    invite(other, "kim@example.org", None, Role.AUDITOR)
    user = accounts.make_account(actor=SYSTEM, email="kim@example.org", password="x" * 20)
    assert {m.study for m in Member.objects.filter(user=user)} == {cohort.study, other.study}


def test_signing_up_by_the_door_leads_into_the_study(
    cohort: Cohort, coordinator: Member, client: Client
) -> None:
    invite(coordinator, "New@example.org", cohort)
    password = "a-lamp-and-a-quiet-river-41"
    client.post(
        reverse("account_signup"),
        {"email": "new@example.org", "password1": password, "password2": password},
    )
    post_mail()
    (with_code,) = [sent for sent in mail.outbox if CODE.search(str(sent.body))]
    client.post(reverse("account_email_verification_sent"), {"code": code_in(with_code)})
    answer = client.get(reverse("desk:home"))
    assert answer.headers["Location"] == reverse("desk:study", kwargs={"slug": cohort.study.slug})


def test_an_address_is_invited_once_until_taken_back(cohort: Cohort, coordinator: Member) -> None:
    invitation = invite(coordinator, "sam@example.org", cohort)
    with pytest.raises(Conflict, match="already been invited"):
        invite(coordinator, "SAM@example.org", cohort)
    services.revoke(actor=Actor.of(coordinator.user), invitation=invitation)
    services.revoke(actor=Actor.of(coordinator.user), invitation=invitation)  # twice is no harm
    prove(UserFactory.create(email="sam@example.org", verified=False))
    assert not Member.objects.filter(cohort=cohort).exists()


def test_accepted_invitation_cannot_be_revoked(cohort: Cohort, coordinator: Member) -> None:
    invitation = invite(coordinator, "sam@example.org", cohort)
    prove(UserFactory.create(email="sam@example.org", verified=False))
    with pytest.raises(Conflict, match="joined in the meantime"):
        services.revoke(actor=Actor.of(coordinator.user), invitation=invitation)


@pytest.mark.parametrize(
    ("role", "with_cohort", "said"),
    [
        ("panelist", False, "need a cohort"),
        ("auditor", True, "need a cohort"),
        ("clinician", True, "for another role"),
        ("unheard_of", False, "is unknown"),
    ],
)
def test_impossible_place_is_refused(
    cohort: Cohort, coordinator: Member, role: str, with_cohort: bool, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        invite(coordinator, "sam@example.org", cohort if with_cohort else None, role)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_only_a_coordinator_invites(cohort: Cohort, role: Role) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    own = CohortFactory.create(study=cohort.study, role=role) if judges else None
    member = MemberFactory.create(cohort=own) if own else staff(cohort.study, role)
    with pytest.raises(NotPermitted, match="Your role"):
        invite(member, "sam@example.org", cohort)


def test_the_mail_says_who_writes_and_is_an_outbox_row(cohort: Cohort, coordinator: Member) -> None:
    invite(coordinator, "sam@example.org", cohort)
    row = OutgoingMail.objects.get()
    assert row.to == "sam@example.org"
    assert cohort.study.organisation in row.body
    assert cohort.study.contact in row.body
    assert reverse("account_signup") in row.body
    assert cohort.study.title not in row.subject


def post(client: Client, study: Study, **sent: str) -> Any:
    return client.post(reverse("enrolment:people", kwargs={"slug": study.slug}), sent)


def test_the_page_adds_and_explains(cohort: Cohort, coordinator: Member, client: Client) -> None:
    client.force_login(coordinator.user)
    place = f"cohort:{cohort.key}"
    assert post(client, cohort.study, email="sam@example.org", place=place).status_code == 302
    again = post(client, cohort.study, email="sam@example.org", place=place)
    assert again.status_code == 400
    assert "already been invited" in again.content.decode()
    assert 'value="sam@example.org"' in again.content.decode()
    assert post(client, cohort.study, email="no", place="role:king").status_code == 400
    invitation = Invitation.objects.get()
    revoke = reverse(
        "enrolment:revoke", kwargs={"slug": cohort.study.slug, "invitation_id": invitation.id}
    )
    other = staff(CohortFactory.create().study)
    stranger = Client()
    stranger.force_login(other.user)
    assert stranger.post(revoke).status_code == 404
    elsewhere = reverse(
        "enrolment:revoke", kwargs={"slug": other.study.slug, "invitation_id": invitation.id}
    )
    assert stranger.post(elsewhere).status_code == 404  # an invitation of another study
    assert client.post(revoke).status_code == 302
    assert not queries.waiting(study_id=cohort.study.id).exists()


def test_people_list_shows_states_in_constant_queries(
    cohort: Cohort, coordinator: Member, client: Client
) -> None:
    client.force_login(coordinator.user)
    address = reverse("enrolment:people", kwargs={"slug": cohort.study.slug})
    sign(MemberFactory.create(cohort=cohort))
    invite(coordinator, "one@example.org", cohort)
    few = queries_of(client, address)
    for number in range(8):
        sign(MemberFactory.create(cohort=cohort))
        invite(coordinator, f"more{number}@example.org", cohort)
    assert queries_of(client, address) == few
    MemberFactory.create(cohort=cohort)
    page = client.get(address).content.decode()
    assert "joined, not signed yet" in page
    assert "signed" in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(4))
def test_inviting_and_proving_at_the_same_time_always_meet(turn: int) -> None:
    place = CohortFactory.create()
    inviting = staff(place.study)
    user = UserFactory.create(email="sam@example.org", verified=False)
    done = at_once(lambda: invite(inviting, "sam@example.org", place), lambda: prove(user))
    assert not [one for one in done if isinstance(one, Exception)]
    for invitation in queries.invitations_to(actor=Actor.of(user)):  # came after the proof
        services.accept(user=user, invitation_id=invitation.id)
    assert Member.objects.filter(user=user, cohort=place).count() == 1
    assert not queries.waiting(study_id=place.study_id).exists()
