"""Refusals: exceptions that services raise, with a sentence for the person who asked.

`middleware` turns them into pages and `problems` into API errors.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import DataError, InterfaceError, OperationalError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

DATABASE_AWAY = (OperationalError, InterfaceError)
"""Temporary errors: the database is unreachable or its disk is full. Work can be retried."""

UNSTORABLE_ERRORS = (DataError, UnicodeEncodeError)
"""Values that the database rejects: NUL, lone surrogates, too long, out of range."""
UNSTORABLE_WORDS = _(
    "Something you sent is too long, too large, or contains characters that cannot be saved. "
    "Please go back, change it and send it again."
)


class Refusal(Exception):
    """Base class. `title` is a sentence that says what is wrong and what to do."""

    status = 400
    code = "refused"

    def __init__(self, title: str, **extra: object) -> None:
        super().__init__(title)
        self.title = title
        self.extra = extra


class Invalid(Refusal):
    """Invalid input. `fields` maps each field to its error messages."""

    status = 400
    code = "invalid"

    def __init__(self, title: str, fields: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(title)
        self.fields = dict(fields or {})


class NotPermitted(Refusal):
    """The person is known but lacks the permission."""

    status = 403
    code = "not_permitted"


class NoConsent(NotPermitted):
    """The person's consent is not in force, so no work may be asked of them."""

    code = "no_consent"

    def __init__(self, title: str = "") -> None:
        super().__init__(title or gettext("Please read and sign the consent first."))


class NotFound(Refusal):
    """Not found, or not visible to this person; the two are not distinguished."""

    status = 404
    code = "not_found"

    def __init__(self, title: str = "") -> None:
        super().__init__(title or gettext("This does not exist, or you do not have access to it."))


class Conflict(Refusal):
    """The request was valid, but something changed in the meantime."""

    status = 409
    code = "conflict"


class Gone(Refusal):
    """It existed once and is no longer available."""

    status = 410
    code = "gone"


class LengthMissing(Refusal):
    """A request body without Content-Length; the server reads none of it."""

    status = 411
    code = "length_required"

    def __init__(self, title: str = "") -> None:
        super().__init__(
            title or gettext("Please send the length of the body as “Content-Length”.")
        )


class TooLarge(Refusal):
    """The request is too large."""

    status = 413
    code = "too_large"
