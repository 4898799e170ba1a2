"""What other apps add to the consent page before signing, such as pay (standards 3.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from codesign.shared.registry import Registry

# Each takes the Member who reads, and returns a studies.registry.Panel or None.
BEFORE_SIGNING: Registry[Callable[[Any], Any]] = Registry("words before signing")
