"""What a token may do, and how its secret is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

PREFIX = "cds_"
LONGEST_DAYS = 366
"""A token lives a year at most."""
MOST_ATTEMPTS = 12
"""Times that a mail is tried: with the pauses below, over about a day and a half."""
LONGEST_PAUSE = timedelta(hours=6)


class TokenScope(StrEnum):
    """Each API operation names the one scope it needs."""

    JUDGE = "judge"
    STUDY_READ = "study:read"
    PROMPTS = "prompts"
    GENERATION = "generation"
    RELEASES = "releases"
    MODELS = "models"
    TRAINING = "training"


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


def is_valid(*, now: datetime, expires_at: datetime, revoked_at: datetime | None) -> bool:
    """Whether a token may still be used."""
    return revoked_at is None and now < expires_at


def pause_after(attempts: int) -> timedelta:
    """How long a mail waits after so many failed attempts: 1, 2, 4 … minutes, six hours at most."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 20)), LONGEST_PAUSE)
