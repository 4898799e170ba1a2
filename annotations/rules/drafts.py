"""Any part of a submission, as it stands: kept if it can be, never judged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from annotations.rules.reading import field_name, is_empty, leaves_of, sensible, storable
from annotations.rules.submission import FIELDS
from codesign.shared.errors import Invalid, TooLarge

MAX_DRAFT = 1_000_000
"""Bytes of one draft, as JSON."""
MAX_NAMED = 10
"""Unknown fields that a refusal names."""


def parse_draft(body: Any) -> dict[str, Any]:
    """The known fields of a draft; half answers are fine, what cannot be stored is not."""
    if not isinstance(body, Mapping):
        raise Invalid("Please send one JSON object.")
    unknown = [key for key in body if key not in FIELDS and not is_empty(body[key])]
    if unknown:
        raise Invalid(
            "A draft holds parts of a submission.",
            {field_name(key): ["This field is not known here."] for key in unknown[:MAX_NAMED]},
        )
    draft = {key: value for key, value in body.items() if key in FIELDS}
    leaves = list(leaves_of(draft))
    if not all(sensible(leaf) for leaf in leaves if not isinstance(leaf, str)):
        raise Invalid("This holds a number that cannot be meant. Please correct it.")
    if not all(storable(leaf) for leaf in leaves if isinstance(leaf, str)):
        raise Invalid("This holds a character that cannot be stored. Please remove it.")
    try:
        size = len(json.dumps(draft, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, RecursionError):
        raise Invalid("This holds a value that cannot be stored.") from None
    if size > MAX_DRAFT:
        raise TooLarge("This draft is too long to keep.")
    return draft


def holds_answers(draft: Mapping[str, Any] | None) -> bool:
    """Whether anything was answered in a draft; the time spent is no answer."""
    return any(
        not is_empty(value) for key, value in (draft or {}).items() if key != "active_seconds"
    )
