"""What higher apps add to the Help page, registered in their `ready()`."""

from __future__ import annotations

from collections.abc import Callable

from codesign.shared.registry import Registry

# Each takes the address that Help leads back to, and returns the page where a person can stop the
# activity there, or "" if there is nothing to stop.
WAYS_TO_STOP: Registry[Callable[[str], str]] = Registry("way to stop")


def way_to_stop(address: str) -> str:
    """Return the page where a person can stop the activity at an address, or ""."""
    return next((way for _name, find in WAYS_TO_STOP if (way := find(address))), "")
