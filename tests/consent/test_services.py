"""Signing, changing choices, withdrawing."""

from __future__ import annotations

from functools import partial

import pytest

from codesign.consent import queries, rules, services
from codesign.consent.models import ConsentChoice, ConsentRecord, ConsentVersion, Withdrawal
from codesign.consent.rules import Purpose
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NoConsent, NotPermitted
from tests.factories.accounts import UserFactory
from tests.factories.consent import publish, sign
from tests.factories.studies import MemberFactory, staff
from tests.support.fixed_rows import nothing_changes
from tests.support.together import at_once, kinds

pytestmark = pytest.mark.django_db


def test_signing_keeps_name_time_meaning_and_the_hash_of_the_text() -> None:  # standards 2.2
    member = MemberFactory.create()
    record = sign(member)
    assert record.typed_name == "Made-up Name"
    assert record.meaning
    assert record.signed_at.utcoffset() is not None
    assert record.signed_hash == rules.content_hash(record.version.content)


def test_every_choice_is_on_record_ticked_or_not() -> None:  # standards 2.5
    record = sign(MemberFactory.create(), granted=["take_part", "training"])
    assert queries.choices_of(record_id=record.id) == {
        "take_part": True,
        "training": True,
        "evaluation": False,
        "publication": False,
        "recontact": False,
    }


@pytest.mark.parametrize(
    ("granted", "name", "field"),
    [
        (["training"], "A Name", "choices"),
        ([], "A Name", "choices"),
        (["take_part", "unheard_of"], "A Name", "choices"),
        (["take_part"], "   ", "typed_name"),
        (["take_part"], "\u200b\u3164\u2800", "typed_name"),
    ],
)
def test_a_signature_needs_a_name_and_the_first_choice(
    granted: list[str], name: str, field: str
) -> None:
    member = MemberFactory.create()
    version = publish(member.study)
    with pytest.raises(Invalid) as refused:
        services.sign(
            actor=Actor.of(member.user),
            member=member,
            version=version,
            shown_hash=version.content_hash,
            typed_name=name,
            granted=granted,
        )
    assert field in refused.value.fields
    assert not ConsentRecord.objects.exists()


def test_only_the_person_signs() -> None:
    member, other = MemberFactory.create(), UserFactory.create()
    version = publish(member.study)
    coordinator = staff(member.study)
    for user in (other, coordinator.user):
        with pytest.raises(Exception, match=r"does not exist|does not include"):
            services.sign(
                actor=Actor.of(user),
                member=member,
                version=version,
                shown_hash=version.content_hash,
                typed_name="X",
                granted=["take_part"],
            )
    with pytest.raises(NotPermitted, match="Only the person themselves"):
        services.withdraw(actor=Actor.of(coordinator.user), member=member)


def test_a_text_that_changed_meanwhile_is_not_signed() -> None:
    member = MemberFactory.create()
    old = publish(member.study)
    publish(member.study)
    with pytest.raises(Conflict, match="changed since you opened it"):
        services.sign(
            actor=Actor.of(member.user),
            member=member,
            version=old,
            shown_hash=old.content_hash,
            typed_name="X",
            granted=["take_part"],
        )


@pytest.mark.parametrize(("material", "in_force"), [(True, False), (False, True)])
def test_a_material_change_needs_a_new_signature(  # standards 2.7
    material: bool, in_force: bool
) -> None:
    member = MemberFactory.create()
    sign(member)
    publish(member.study, material=material)
    assert (queries.record_in_force(member_id=member.id) is not None) is in_force
    granting = queries.members_granting(study_id=member.study_id, purposes=[Purpose.TRAINING])
    assert (member.id in granting) is in_force


def test_one_choice_changes_immediately_and_separately() -> None:
    member = MemberFactory.create()
    record = sign(member)
    services.change_choice(
        actor=Actor.of(member.user), member=member, purpose=Purpose.TRAINING, granted=False
    )
    assert not queries.choices_of(record_id=record.id)["training"]
    assert not queries.members_granting(study_id=member.study_id, purposes=[Purpose.TRAINING])
    with pytest.raises(Invalid, match="cannot be changed on its own"):
        services.change_choice(
            actor=Actor.of(member.user), member=member, purpose=Purpose.TAKE_PART, granted=False
        )
    with pytest.raises(
        Invalid, match="cannot be changed on its own"
    ):  # this text does not offer it
        services.change_choice(
            actor=Actor.of(member.user), member=member, purpose=Purpose.CREDIT, granted=True
        )


def test_leaving_and_coming_back() -> None:  # standards 2.8
    member = MemberFactory.create()
    actor = Actor.of(member.user)
    with pytest.raises(Conflict, match="no consent to withdraw"):
        services.withdraw(actor=actor, member=member)
    first = sign(member)
    with pytest.raises(Conflict, match="already signed"):
        sign(member)
    services.withdraw(actor=actor, member=member)
    assert queries.record_in_force(member_id=member.id) is None
    with pytest.raises(NoConsent, match="sign the consent"):
        services.change_choice(actor=actor, member=member, purpose=Purpose.TRAINING, granted=True)
    second = sign(member)
    in_force = queries.record_in_force(member_id=member.id)
    assert in_force == second != first
    assert ConsentRecord.objects.filter(member=member).count() == 2


def test_nothing_signed_can_be_changed_or_removed() -> None:  # standards 2.1, 2.2
    member = MemberFactory.create()
    sign(member)
    services.withdraw(actor=Actor.of(member.user), member=member)
    nothing_changes(
        {
            ConsentVersion: {"content_hash": "0" * 64},
            ConsentRecord: {"typed_name": "Somebody Else"},
            ConsentChoice: {"granted": True},
            Withdrawal: {"level": "erase"},
        }
    )
    assert queries.record_in_force(member_id=member.id) is None


def test_the_hash_follows_every_word_and_no_layout() -> None:
    content = {"title": "A", "choices": [{"purpose": "take_part"}]}
    same = {"choices": [{"purpose": "take_part"}], "title": "A"}
    other = {"title": "A.", "choices": [{"purpose": "take_part"}]}
    assert rules.content_hash(content) == rules.content_hash(same)
    assert rules.content_hash(content) != rules.content_hash(other)
    assert len(rules.content_hash(content)) == 64


@pytest.mark.django_db(transaction=True)
def test_pressing_sign_twice_signs_once() -> None:
    member = MemberFactory.create()
    publish(member.study)
    press = partial(sign, member)
    assert kinds(at_once(press, press)) == ["Conflict", "ConsentRecord"]
    assert ConsentRecord.objects.filter(member=member).count() == 1
