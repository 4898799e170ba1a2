"""Filtering a list by request parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

Asked = Mapping[str, Any]
"""Filter → value, already validated. A filter that was not sent is absent."""


def matching(asked: Asked, **lookups: str) -> Q:
    """Return the condition for all filters in `asked`. Absent filters add no condition.

    `lookups` maps the name of a filter to its lookup: `since="created_at__gte"`.
    """
    return Q(**{lookup: asked[name] for name, lookup in lookups.items() if name in asked})
