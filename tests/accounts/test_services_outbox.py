"""E-mails are stored before they are sent, so none is lost while the mail server is away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from codesign.accounts import rules, services
from codesign.accounts.models import OutgoingMail
from codesign.accounts.queries import MAIL
from codesign.jobs.models import Job
from codesign.jobs.rules import JobState
from codesign.jobs.services import tending
from tests.support.jobs import run

pytestmark = pytest.mark.django_db


def write() -> OutgoingMail:
    return services.send_mail(to="robin@example.org", subject="Hello", body="Words for Robin.")


def be_due(job: Job) -> None:
    Job.objects.filter(id=job.id).update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_mail_goes_out_once_and_its_words_are_not_kept() -> None:
    row = write()
    assert not mail.outbox
    run(MAIL, row.id)
    run(MAIL, row.id)
    assert [m.body for m in mail.outbox] == ["Words for Robin."]
    row.refresh_from_db()
    assert row.sent_at
    assert (row.to, row.body) == ("", "")


def test_a_mail_server_that_is_away_is_tried_again_later(settings: Any) -> None:
    row = write()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    job = run(MAIL, row.id)
    assert (job.state, job.attempts) == (JobState.QUEUED, 1)
    assert "ConnectionRefusedError" in job.reason
    row.refresh_from_db()
    assert row.body == "Words for Robin."
    assert tending.tend() == 0  # not before the pause is over
    be_due(job)
    assert tending.tend() == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert run(MAIL, row.id).state == JobState.DONE
    assert len(mail.outbox) == 1


def test_a_mail_that_never_goes_is_given_up_in_the_end(settings: Any) -> None:
    row = write()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    Job.objects.update(attempts=rules.MOST_ATTEMPTS - 1)
    job = run(MAIL, row.id)
    assert job.state == JobState.FAILED
    assert tending.tend() == 0


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 2), (5, 16), (9, 256), (10, 360), (99, 360)]
)
def test_pauses_grow_up_to_six_hours(attempts: int, minutes: int) -> None:
    assert rules.pause_after(attempts) == timedelta(minutes=minutes)
