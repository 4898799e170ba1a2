"""What a token may do, and how its secret is kept."""

from __future__ import annotations

import email.policy
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

PREFIX = "cds_"
LONGEST_DAYS = 366
"""A token lives a year at most."""
MOST_ATTEMPTS = 12
"""Times that a mail is tried: with the pauses below, over about a day and a half."""
LONGEST_PAUSE = timedelta(hours=6)
UNPROVEN_LIFE = timedelta(days=1)
"""How long an account stays whose address nobody proves."""


class TokenScope(TextChoices):
    """The scope that an API operation needs; each needs exactly one."""

    JUDGE = "judge", _("Judge on my behalf")
    STUDY_READ = "study:read", _("Read my studies")
    PROMPTS = "prompts", _("Read and add prompts")
    GENERATION = "generation", _("View, start and cancel generation runs")
    RELEASES = "releases", _("Request and download dataset releases, and read retractions")
    MODELS = "models", _("View models")
    TRAINING = "training", _("View, start and cancel training runs")
    JUDGEMENTS = "judgements", _("Read the judgements of my studies")


class Rate(StrEnum):
    """Kinds of requests that are counted apart; `API_REQUESTS_A_MINUTE` says how many of each."""

    JUDGING = "judging"
    READING = "reading"
    CHANGING = "changing"
    STRANGER = "stranger"  # nobody is signed in


def new_secret() -> str:
    """A fresh secret of 256 random bits, shown once."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """What is stored instead of the secret; it is random, so a plain hash suffices."""
    return hashlib.sha256(secret.encode()).hexdigest()


def mailbox(address: str) -> str:
    """Where a mail lands: `Ada+study@example.org` is the mailbox of `ada@example.org`."""
    local, at, domain = address.strip().lower().rpartition("@")
    return local.partition("+")[0] + at + domain


def is_valid(*, now: datetime, expires_at: datetime, revoked_at: datetime | None) -> bool:
    """Whether a token may still be used."""
    return revoked_at is None and now < expires_at


def pause_after(attempts: int) -> timedelta:
    """How long a mail waits after so many failed attempts: 1, 2, 4 … minutes, six hours at most."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 20)), LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One mail as it lies in a file."""

    to: str
    subject: str
    sent_at: datetime | None
    body: str


BETWEEN_MAILS = b"\n" + b"-" * 79 + b"\n"
"""What Django's file backend writes after each."""


def mails_in(content: bytes) -> list[KeptMail]:
    """Every mail of a file, the newest first."""
    parts = [part for part in content.split(BETWEEN_MAILS) if part.strip()]
    return [_mail(part) for part in reversed(parts)]


def _mail(raw: bytes) -> KeptMail:
    read = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
    text = read.get_body(preferencelist=("plain",))
    date = read["date"]
    return KeptMail(
        to=str(read["to"] or ""),
        subject=str(read["subject"] or ""),
        sent_at=getattr(date, "datetime", None),
        body=str(text.get_content()).strip() if text else "",
    )
