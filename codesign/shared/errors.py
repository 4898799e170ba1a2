"""Refusals: what a service says when it will not do something, in words for a person.

Pages and API turn them into answers in one place each (`middleware`, `problems`).
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import DataError, InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _

DATABASE_AWAY = (OperationalError, InterfaceError)
"""What passes by itself: the server is away or has no room. No work is at fault."""

UNSTORABLE_ERRORS = (DataError, UnicodeEncodeError)
"""What the database refuses of a value itself: NUL, lone surrogates, too long, out of range."""
UNSTORABLE_WORDS = _(
    "Something you sent is too long, too large, or holds signs that cannot be kept. Please go "
    "back, change it and send it again."
)


class Refusal(Exception):
    """Base of all; `title` is a sentence that says what is wrong and what to do."""

    status = 400
    code = "refused"

    def __init__(self, title: str, **extra: object) -> None:
        super().__init__(title)
        self.title = title
        self.extra = extra


class Invalid(Refusal):
    """Input that cannot be taken; `fields` maps each field to its own sentences."""

    status = 400
    code = "invalid"

    def __init__(self, title: str, fields: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(title)
        self.fields = dict(fields or {})


class NotPermitted(Refusal):
    """The person is known and may not do this here."""

    status = 403
    code = "not_permitted"


class NoConsent(NotPermitted):
    """Nothing is asked of anybody whose consent is not in force."""

    code = "no_consent"

    def __init__(self, title: str = "Please read and sign the consent first.") -> None:
        super().__init__(title)


class NotFound(Refusal):
    """There is no such thing for this person; whether it exists elsewhere is not told."""

    status = 404
    code = "not_found"

    def __init__(self, title: str = "There is nothing here for you.") -> None:
        super().__init__(title)


class Conflict(Refusal):
    """It was fine once, and something happened in between."""

    status = 409
    code = "conflict"


class Gone(Refusal):
    """It was here once and is not handed out any more."""

    status = 410
    code = "gone"


class LengthMissing(Refusal):
    """A body that does not say how long it is; the server reads none of it."""

    status = 411
    code = "length_required"

    def __init__(self, title: str = "") -> None:
        super().__init__(title or "Please send the length of the body as “Content-Length”.")


class TooLarge(Refusal):
    """More than can be taken at once."""

    status = 413
    code = "too_large"
