"""What higher apps add to the Help page; filled in their `ready()`."""

from __future__ import annotations

from collections.abc import Callable

from codesign.shared.registry import Registry

# each takes the address that Help leads back to, and returns where one stops what was done there,
# or nothing where there is nothing to stop
WAYS_TO_STOP: Registry[Callable[[str], str]] = Registry("way to stop")


def way_to_stop(address: str) -> str:
    """Where one stops what was done at an address; empty where nothing goes on there."""
    return next((way for _name, find in WAYS_TO_STOP if (way := find(address))), "")
