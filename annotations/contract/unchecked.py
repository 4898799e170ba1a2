"""A submission before it is checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from annotations.contract.asked import Asked
from annotations.contract.errors import SENTENCES, invalid
from annotations.contract.submission import FREE_TEXTS, Submission
from annotations.contract.values import is_empty, is_sensible, leaves_of, without_empty
from annotations.rules.texts import storable
from codesign.shared.errors import Invalid, TooLarge

MAX_DRAFT = 1_000_000
"""Bytes of one draft, as JSON."""
MAX_NAMED = 10
"""Unknown fields that a refusal names."""


class UncheckedSubmission:
    """A submission as it was sent, complete or not, valid or not.

    Whether it is valid depends on the assignment, which services read under a lock. So the API and
    the page pass this to a service, as a view passes a bound form, and the service checks it.
    """

    def __init__(self, body: Any) -> None:
        """Take a JSON object. Its content is not checked yet."""
        if not isinstance(body, Mapping):
            raise Invalid(_("Please send one JSON object."))
        self._body = body

    def checked(self, asked: Asked) -> Submission:
        """Return the complete submission, or raise `Invalid` with error messages by field."""
        try:
            return Submission.model_validate(self._body, context=asked)
        except ValidationError as error:
            title = _("Something is missing or invalid.")
            raise invalid(title, error) from None

    def as_draft(self) -> dict[str, Any]:
        """Return the fields as they were sent.

        Raises `Invalid` for unknown fields and values that cannot be saved, `TooLarge` for a draft
        over `MAX_DRAFT`.
        """
        known = Submission.model_fields
        unknown = without_empty(self._body, known).keys() - known.keys()
        if unknown:
            says = [str(SENTENCES["extra_forbidden"])]
            raise Invalid(
                _("A draft may only contain parts of a submission."),
                dict.fromkeys(sorted(unknown)[:MAX_NAMED], says),
            )
        draft = {key: value for key, value in self._body.items() if key in known}
        leaves = list(leaves_of(draft))
        if not all(is_sensible(leaf) for leaf in leaves if not isinstance(leaf, str)):
            raise Invalid(_("This contains an invalid number. Please correct it."))
        if not all(storable(leaf) for leaf in leaves if isinstance(leaf, str)):
            raise Invalid(str(SENTENCES["string_unicode"]))
        try:
            size = len(json.dumps(draft, ensure_ascii=False, allow_nan=False).encode())
        except (ValueError, RecursionError):
            raise Invalid(_("This contains a value that cannot be saved.")) from None
        if size > MAX_DRAFT:
            raise TooLarge(_("This draft is too long to save."))
        return draft

    def fingerprint(self) -> str:
        """Return the SHA-256 of what was sent, in hex. The order of keys makes no difference."""
        try:
            text = json.dumps(self._body, sort_keys=True)
        except RecursionError:
            raise Invalid(_("This is nested too deeply.")) from None
        return hashlib.sha256(text.encode()).hexdigest()

    def free_texts(self, *, chosen: Collection[str] = ()) -> Iterator[str]:
        """Yield every free text, even if the rest is invalid.

        Not a label of a highlight that is one of `chosen`: people choose it and do not write it.
        """
        for path, keys in FREE_TEXTS.items():
            value = self._body.get(path)
            if not keys and isinstance(value, str):
                yield value
            for entry in value if keys and isinstance(value, list) else ():
                if isinstance(entry, Mapping):
                    texts = {key: entry[key] for key in keys if isinstance(entry.get(key), str)}
                    if texts.get("label") in chosen:
                        del texts["label"]
                    yield from texts.values()


def holds_answers(draft: Mapping[str, Any] | None) -> bool:
    """Return whether a draft contains an answer. The time spent is not an answer."""
    return any(
        not is_empty(value) for key, value in (draft or {}).items() if key != "active_seconds"
    )
