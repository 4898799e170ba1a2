"""What higher apps add to the coordinator's list of people, registered in their `ready()`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codesign.shared.registry import Registry

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise


@dataclass(frozen=True)
class Column:
    """A column: its heading, and a function that returns its cells for the members of a page."""

    title: StrOrPromise
    find: Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, str]]


COLUMNS: Registry[Column] = Registry("column about people")
