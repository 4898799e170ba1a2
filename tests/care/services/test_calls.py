"""Mails to safety leads: repeated, sent to new leads, and told again where nobody was reached."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from codesign.accounts.models import OutgoingMail, User
from codesign.accounts.signals import account_switched
from codesign.care.services import calls, rota
from codesign.shared.actors import SYSTEM
from codesign.studies import services as studies
from codesign.studies.rules import Role
from tests.factories.accounts import UserFactory
from tests.factories.cases import lead_of, noticed, opened, with_times
from tests.factories.studies import MemberFactory

pytestmark = pytest.mark.django_db


def mails() -> list[str]:
    return list(OutgoingMail.objects.order_by("created_at", "id").values_list("to", flat=True))


def test_what_is_overdue_is_told_again_every_day() -> None:
    case = opened()
    lead = lead_of(case.study)
    now = timezone.now()
    with_times(case, due_at=now - timedelta(days=2), told_at=now - timedelta(hours=23))
    assert calls.tell_of_overdue() == 0
    with_times(case, told_at=now - timedelta(hours=24))
    OutgoingMail.objects.all().delete()
    assert (calls.tell_of_overdue(), mails()) == (1, [lead.user.email])
    assert calls.tell_of_overdue() == 0


def test_what_is_overdue_waits_for_a_lead_who_can_be_told() -> None:
    case = opened()
    with_times(case, due_at=timezone.now())
    assert (calls.tell_of_overdue(), mails()) == (0, [])
    lead = lead_of(case.study)
    OutgoingMail.objects.all().delete()
    assert (calls.tell_of_overdue(), mails()) == (1, [lead.user.email])


def test_a_new_lead_is_told_of_open_cases_without_content() -> None:
    member = MemberFactory.create()
    user = UserFactory.create()
    place: dict[str, Any] = {"study": member.study, "roles": [Role.SAFETY_LEAD]}
    lead = studies.add_member(actor=SYSTEM, user=user, **place)
    rota.put_in_rota(actor=SYSTEM, study=member.study, member_id=lead.id)
    assert mails() == []  # nobody needs support yet
    case = opened(member)
    waiting = noticed()
    OutgoingMail.objects.all().delete()

    other = UserFactory.create()
    second = studies.add_member(actor=SYSTEM, user=other, **place)
    assert mails() == [other.email]
    for _ in range(2):
        rota.put_in_rota(actor=SYSTEM, study=member.study, member_id=second.id)
    assert mails() == [other.email] * 2
    account_switched.send(sender=User, actor=SYSTEM, user=other, active=True)
    about_cases = OutgoingMail.objects.filter(to=other.email, subject=str(calls.NEW))
    assert about_cases.count() == 3
    whole = "".join(mail.subject + mail.body for mail in about_cases)
    assert "waiting for you" in whole
    for secret in (member.pseudonym, member.user.email, member.study.title, str(case.id)):
        assert secret not in whole

    OutgoingMail.objects.all().delete()
    studies.add_member(
        actor=SYSTEM, study=member.study, user=UserFactory.create(), roles=[Role.COORDINATOR]
    )
    lead_of(waiting.study)
    assert mails() == []
