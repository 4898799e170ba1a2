"""How people are paid: encrypted, changed with care, shredded when nothing needs it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from codesign.audit.models import Event
from codesign.compensation.models import PayoutMethod, PayoutOutcome
from codesign.compensation.queries import payout_methods as queries
from codesign.compensation.rules.payout_methods import COOLING
from codesign.compensation.services import payout_methods
from codesign.consent.rules import WithdrawalLevel
from codesign.consent.services import withdraw
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies.models import Member
from tests.factories.consent import sign
from tests.factories.payouts import DETAILS, Two, method_of, owed
from tests.factories.studies import MemberFactory, staff
from tests.support.outbox import post_mail

pytestmark = pytest.mark.django_db


def choose(member: Member, kind: str = "iban", **details: str) -> PayoutMethod:
    return payout_methods.choose_method(
        actor=Actor.of(member.user),
        study=member.study,
        kind=kind,
        details={**DETAILS.get(kind, {}), **details},
    )


def test_details_are_encrypted_used_later_and_told_by_mail() -> None:
    member = MemberFactory.create()
    before = timezone.now()
    method = choose(member)
    assert b"DE89" not in bytes(method.ciphertext)
    assert queries.details_of(method, secret=member.study.secret) == DETAILS["iban"]
    assert before + COOLING <= method.usable_from <= timezone.now() + COOLING
    post_mail()
    (written,) = mail.outbox
    assert written.to == [member.user.email]
    assert "48 hours" in str(written.body)
    assert "DE89" not in str(written.body)
    event = Event.objects.get(action="compensation.method_chosen")
    assert event.data == {"kind": "iban"}


def test_new_details_are_not_paid_before_their_time() -> None:
    member = owed(kind=None)
    choose(member)
    with pytest.raises(Conflict, match="Nobody can be paid"):
        Two.of(member).make()


@pytest.mark.parametrize(
    ("kind", "details", "fields"),
    [
        ("iban", {"iban": "DE00"}, ["iban"]),
        ("iban", {"name": "José", "iban": ""}, ["name", "iban"]),
        ("uk_bank", {"sort_code": "1"}, ["sort_code"]),
        ("pigeon", {}, ["kind"]),
    ],
)
def test_wrong_details_change_nothing(
    kind: str, details: dict[str, str], fields: list[str]
) -> None:
    member = MemberFactory.create()
    kept = choose(member)
    with pytest.raises(Invalid) as refused:
        choose(member, kind, **details)
    assert list(refused.value.fields) == fields
    assert PayoutMethod.objects.current().get() == kept


def test_only_a_person_chooses_for_themselves() -> None:
    member = MemberFactory.create()
    coordinator = Actor.of(staff(member.study).user)
    with pytest.raises(NotPermitted, match="Your role"):
        payout_methods.choose_method(actor=coordinator, study=member.study, kind="cash", details={})
    with pytest.raises(NotFound, match="does not exist"):
        payout_methods.choose_method(actor=SYSTEM, study=member.study, kind="cash", details={})


def test_earlier_details_go_at_once_unless_a_payout_refers_to_them() -> None:
    member = owed()
    first = PayoutMethod.objects.get()
    two = Two.of(member)
    batch = two.make()
    two.send(batch)
    choose(member, "paypal")
    first.refresh_from_db()
    assert first.replaced_at
    assert first.ciphertext
    two.settle(batch)
    first.refresh_from_db()
    assert not first.ciphertext
    second = PayoutMethod.objects.current().get()
    assert second.ciphertext
    choose(member, "cash")
    second.refresh_from_db()
    assert not second.ciphertext


def test_who_is_owed_nothing_is_forgotten_when_they_leave() -> None:
    member = MemberFactory.create()
    sign(member)
    method = method_of(member)
    withdraw(actor=Actor.of(member.user), member=member, level=WithdrawalLevel.ERASE)
    method.refresh_from_db()
    assert not method.ciphertext
    assert Event.objects.filter(action="compensation.details_shredded").exists()


def test_details_chosen_after_leaving_are_forgotten_too() -> None:
    member = owed(kind=None)
    sign(member)
    withdraw(actor=Actor.of(member.user), member=member)
    method = choose(member)
    assert method.forget_asked_at
    assert method.ciphertext


def test_the_banks_words_about_a_forgotten_person_are_emptied() -> None:
    member = owed()
    sign(member)
    two = Two.of(member)
    two.send(batch := two.make())
    payout = batch.payouts.get()
    two.report(batch, **{f"{payout.reference}": "unknown"})
    PayoutOutcome.objects.update(detail="Account of Robin")
    withdraw(actor=Actor.of(member.user), member=member)
    two.report(batch, **{f"{payout.reference}": "paid"})
    assert set(PayoutOutcome.objects.values_list("detail", flat=True)) == {""}


def test_a_new_key_reads_the_details_and_reseals_them(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    method = method_of(owed(kind=None))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    study = method.member.study
    assert queries.details_of(method, secret=study.secret) == DETAILS["iban"]
    call_command("reseal_payout_details")
    assert capsys.readouterr().out == "Resealed: 1. Not readable with any key: 0.\n"
    settings.SECRET_KEY_FALLBACKS = []
    method.refresh_from_db()
    assert queries.details_of(method, secret=study.secret) == DETAILS["iban"]
    settings.SECRET_KEY = "a third"
    call_command("reseal_payout_details")
    assert capsys.readouterr().out == "Resealed: 0. Not readable with any key: 1.\n"
    with pytest.raises(Conflict, match="Nobody can be paid"):
        Two.of(method.member).make()
