"""A person chooses how to be paid, after proving who they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from codesign.compensation.models import PayoutMethod
from codesign.studies.models import Member
from codesign.studies.rules import JUDGING, Role
from tests.factories.payouts import method_of, owed
from tests.factories.studies import MemberFactory, staff
from tests.support.sessions import shown_lately

pytestmark = pytest.mark.django_db
GOOD = {"payout-name": "Robin Doe", "payout-iban": "DE89 3704 0044 0532 0130 00"}


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def page(member: Member, kind: str = "") -> str:
    address = reverse("compensation:method", kwargs={"slug": member.study.slug})
    return f"{address}?kind={kind}" if kind else address


def signed_in(client: Client, member: Member) -> Client:
    client.force_login(member.user)
    return shown_lately(client)


def test_a_person_chooses_a_bank_account(member: Member, client: Client) -> None:
    signed_in(client, member)
    assert "How would you like to be paid?" in client.get(page(member)).content.decode()
    form = client.get(page(member, "iban")).content.decode()
    assert "As your bank has it" in form
    assert "Sort code" not in form
    done = client.post(page(member, "iban"), GOOD, follow=True).content.decode()
    assert "We use it from 48 hours from now on" in done
    assert "DE••••3000" in done
    assert "DE8937" not in done
    again = client.get(page(member)).content.decode()
    assert "DE••••3000" in again
    assert "DE8937" not in again


def test_what_is_wrong_is_said_beside_its_field(member: Member, client: Client) -> None:
    signed_in(client, member)
    wrong = {"payout-name": "José", "payout-iban": "DE00"}
    answer = client.post(page(member, "iban"), wrong)
    assert answer.status_code == 400
    said = answer.content.decode()
    assert "Please replace “é”" in " ".join(said.split())
    assert "not a valid IBAN" in said
    assert not PayoutMethod.objects.exists()


@pytest.mark.parametrize("kind", ["cash", "voucher", "none"])
def test_methods_without_details_need_one_press(kind: str, member: Member, client: Client) -> None:
    signed_in(client, member)
    token = {"csrfmiddlewaretoken": "x"}  # any form has one
    client.post(page(member, kind), token)
    assert PayoutMethod.objects.get().kind == kind


def test_nothing_is_shown_or_taken_before_a_proof(member: Member, client: Client) -> None:
    method_of(member)
    member.user.set_password("a long one")
    member.user.save()
    client.force_login(member.user)
    for sent in (client.get(page(member)), client.get(page(member, "iban"))):
        assert sent.status_code == 302
        assert "reauthenticate" in sent["Location"]
    late = client.post(page(member, "paypal"), {"payout-email": "thief@example.org"})
    assert late["Location"] == page(member, "paypal")
    assert PayoutMethod.objects.get().kind == "iban"
    assert "thief" not in str(dict(client.session))


def test_who_has_no_password_signs_in_again(member: Member, client: Client) -> None:
    method_of(member)
    client.force_login(member.user)
    asked = client.get(page(member))
    assert asked.status_code == 403
    assert "This page is about your money" in asked.content.decode()
    late = client.post(page(member, "cash"), {"csrfmiddlewaretoken": "x"})
    assert late.status_code == 403
    assert PayoutMethod.objects.get().kind == "iban"


def test_details_sent_after_the_session_ended_are_stored_nowhere(
    member: Member, client: Client
) -> None:
    signed_in(client, member)
    client.get(page(member, "iban"))
    client.session.flush()
    caches["default"].clear()
    client.post(page(member, "iban"), GOOD)
    client.force_login(member.user)
    assert "DE89" not in client.get(reverse("kept-form"), follow=True).content.decode()
    assert not PayoutMethod.objects.exists()


@pytest.mark.parametrize("role", sorted(Role))
def test_only_people_who_are_paid_choose(role: Role, client: Client) -> None:
    person = MemberFactory.create()
    if role not in JUDGING:
        person = staff(person.study, role)
    signed_in(client, person)
    expected = 200 if role in JUDGING else 403
    assert client.get(page(person)).status_code == expected


def test_who_was_removed_can_still_say_how_to_be_paid(client: Client) -> None:
    member = owed(kind=None)
    Member.objects.filter(id=member.id).update(left_at=member.created_at)
    signed_in(client, member)
    client.post(page(member, "iban"), GOOD)
    assert PayoutMethod.objects.get().member == member


def test_details_that_cannot_be_read_are_asked_for_again(
    member: Member, client: Client, settings: Any
) -> None:
    method_of(member)
    settings.SECRET_KEY = "another"
    signed_in(client, member)
    assert "can no longer read your details" in client.get(page(member)).content.decode()
