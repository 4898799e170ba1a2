"""Mails are rows first; a mail server that is away loses none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from codesign.accounts import queries, rules, services, tasks
from codesign.accounts.models import OutgoingMail

pytestmark = pytest.mark.django_db


def write() -> OutgoingMail:
    return services.send_mail(to="robin@example.org", subject="Hello", body="Words for Robin.")


def test_a_mail_goes_out_once_and_its_words_are_not_kept() -> None:
    row = write()
    assert not mail.outbox
    tasks.send_mail(str(row.id))
    tasks.send_mail(str(row.id))
    assert [m.body for m in mail.outbox] == ["Words for Robin."]
    row.refresh_from_db()
    assert row.sent_at
    assert row.body == ""


def test_a_mail_server_that_is_away_is_tried_again_later(settings: Any) -> None:
    row = write()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    assert services.deliver(mail_id=row.id) is False
    row.refresh_from_db()
    assert row.attempts == 1
    assert "refused" in row.last_error
    assert row.body == "Words for Robin."
    assert queries.mail_due() == []
    OutgoingMail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert services.ring_mail() == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert services.deliver(mail_id=row.id) is True
    assert queries.mail_due() == []


def test_a_mail_that_never_goes_is_given_up_in_the_end() -> None:
    row = write()
    OutgoingMail.objects.filter(id=row.id).update(attempts=rules.MOST_ATTEMPTS)
    assert services.deliver(mail_id=row.id) is False
    assert services.ring_mail() == 0


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 2), (5, 16), (9, 256), (10, 360), (99, 360)]
)
def test_pauses_grow_up_to_six_hours(attempts: int, minutes: int) -> None:
    assert rules.pause_after(attempts) == timedelta(minutes=minutes)
