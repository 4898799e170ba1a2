"""Rules for API tokens, and for mail retries."""

from __future__ import annotations

import email.policy
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

PREFIX = "cds_"
LONGEST_DAYS = 366
"""A token is valid for a year at most."""
MOST_ATTEMPTS = 12
"""Attempts to send a mail; with the pauses below, over about a day and a half."""
LONGEST_PAUSE = timedelta(hours=6)
UNPROVEN_LIFE = timedelta(days=1)
"""An account whose address is not proven within this time is deleted."""


class TokenScope(TextChoices):
    """Permissions of a token. Each API operation names the one scope it needs."""

    JUDGE = "judge", _("Judge on my behalf")
    STUDY_READ = "study:read", _("Read my studies")
    PROMPTS = "prompts", _("Read and add prompts")
    GENERATION = "generation", _("View, start and cancel generation runs")
    RELEASES = "releases", _("Request and download dataset releases, and read retractions")
    MODELS = "models", _("View models")
    REGISTER = "models:register", _("Register models")
    EXPORT = "models:export", _("Download trained models")
    TRAINING = "training", _("View, start and cancel training runs")
    JUDGEMENTS = "judgements", _("Read the judgements of my studies")


class TextSize(TextChoices):
    """How large a person wants the text of all pages."""

    USUAL = "usual", _("Standard")
    LARGE = "large", _("Larger")
    LARGEST = "largest", _("Much larger")


class LineSpacing(TextChoices):
    """How much space a person wants between lines, on all pages."""

    USUAL = "usual", _("Standard")
    WIDE = "wide", _("More")
    WIDEST = "widest", _("Much more")


class Rate(StrEnum):
    """Kinds of requests that are limited separately; see `API_REQUESTS_A_MINUTE`."""

    JUDGING = "judging"
    READING = "reading"
    CHANGING = "changing"
    STRANGER = "stranger"  # not signed in
    ASKING = "asking"  # forms that people without an account send


def is_interface_language(code: str) -> bool:
    """Return whether pages and mails are translated into a language."""
    return code in dict(settings.LANGUAGES)


def new_secret() -> str:
    """Return a new secret of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return the hash to store instead of the secret. It is random, so a plain hash suffices."""
    return hashlib.sha256(secret.encode()).hexdigest()


def mailbox(address: str) -> str:
    """Return the mailbox of an address: `Ada+study@example.org` → `ada@example.org`."""
    local, at, domain = address.strip().lower().rpartition("@")
    return local.partition("+")[0] + at + domain


def is_valid(*, now: datetime, expires_at: datetime, revoked_at: datetime | None) -> bool:
    """Return whether a token can be used."""
    return revoked_at is None and now < expires_at


def pause_after(attempts: int) -> timedelta:
    """Return the pause after so many failed attempts: 1, 2, 4 … minutes, at most six hours."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 20)), LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail that is stored in a file."""

    to: str
    subject: str
    sent_at: datetime | None
    body: str


BETWEEN_MAILS = b"\n" + b"-" * 79 + b"\n"
"""Separator that Django's file backend writes after each mail."""


def mails_in(content: bytes) -> list[KeptMail]:
    """Return the mails of a file, newest first."""
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
