"""Narrowing a list by what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

Asked = Mapping[str, Any]
"""Filter → value, checked by the door; a filter that was not sent is absent."""


def matching(asked: Asked, **lookups: str) -> Q:
    """The condition that each filter's lookup has the value asked for; absent filters say nothing.

    `lookups` maps the filter's name to the lookup: `since="created_at__gte"`.
    """
    return Q(**{lookup: asked[name] for name, lookup in lookups.items() if name in asked})
