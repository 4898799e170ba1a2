"""Check-ins: one mail that names no study, and that can be answered or not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from codesign.accounts.models import OutgoingMail
from codesign.audit.models import Event
from codesign.care.models import CheckIn
from codesign.care.services import check_ins
from codesign.care.tasks import tend
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Invalid, NotFound
from codesign.studies.services import remove_member
from tests.factories.studies import MemberFactory

pytestmark = pytest.mark.django_db


def test_the_mail_is_sent_once_and_says_nothing(mailoutbox: list[object]) -> None:
    member = MemberFactory.create(study__title="Low mood study", study__slug="low-mood")
    for days in (0, 4):
        with pytest.raises(Invalid, match="Please choose a day"):
            check_ins.ask_for(member=member, days=days)
    before = Event.objects.count()
    check_ins.ask_for(member=member, days=1)
    check_in = check_ins.ask_for(member=member, days=3)
    hours = (check_in.due_at - timezone.now()) / timedelta(hours=1)
    assert 71 < hours <= 72  # standards 4.11
    tend()
    assert not OutgoingMail.objects.exists()
    CheckIn.objects.update(due_at=timezone.now())
    tend()
    tend()
    mail = OutgoingMail.objects.get()
    assert mail.to == member.user.email
    for word in ("mood", "study", "Codesign study"):
        assert word not in (mail.subject + mail.body).lower()
    assert f"/check-in/{check_in.id}/" in mail.body
    assert Event.objects.count() == before


def test_answers_delete_it_and_silence_does_too() -> None:
    member, other = MemberFactory.create(), MemberFactory.create()
    check_in = check_ins.ask_for(member=member, days=2)
    with pytest.raises(NotFound, match="does not exist"):
        check_ins.answer(actor=Actor.of(other.user), check_in_id=check_in.id, talk=True)
    actor = Actor.of(member.user)
    assert check_ins.answer(actor=actor, check_in_id=check_in.id, talk=False) is None
    assert not CheckIn.objects.exists()
    check_ins.ask_for(member=member, days=2)
    CheckIn.objects.update(sent_at=timezone.now() - timedelta(days=15))
    check_ins.send_due()
    assert not CheckIn.objects.exists()


def test_a_removed_member_gets_no_check_in() -> None:
    member = MemberFactory.create()
    check_ins.ask_for(member=member, days=1)
    remove_member(actor=SYSTEM, member=member)
    CheckIn.objects.update(due_at=timezone.now())
    assert check_ins.send_due() == 0
    assert not CheckIn.objects.exists()
