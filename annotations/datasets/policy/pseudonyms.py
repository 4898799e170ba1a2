"""Names of people and records in a release (standards 7.1)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import cached_property

NAME_LENGTH = 24
"""Hexadecimal digits: 96 bits."""


@dataclass(frozen=True)
class Pseudonyms:
    """Names that hold within one release and cannot be linked with any other release.

    HMAC of the ids, keyed by the study's secret and the hash of the selection: the same inputs give
    the same names, any other selection gives other names, and only the secret leads back to an id.
    People who consented to it have one name in all releases of the study.
    """

    secret: bytes
    selection_hash: str
    linkable: frozenset[str] = frozenset()
    """Members who consented to one name in all releases."""

    @cached_property
    def _keyed(self) -> hmac.HMAC:
        return hmac.new(self.secret, f"{self.selection_hash}|".encode(), "sha256")

    def name(self, kind: str, *ids: str) -> str:
        """The name in this release of the thing of that kind with these ids."""
        # hmac.digest would release the interpreter's lock to the writing thread at every call.
        digest = self._keyed.copy()
        digest.update("|".join((kind, *ids)).encode())
        return digest.hexdigest()[:NAME_LENGTH]

    def rater(self, member_id: str) -> str:
        """The name of a person, in this release or in all releases of the study."""
        if member_id not in self.linkable:
            return self.name("rater", member_id)
        digest = hmac.new(self.secret, f"rater in all releases|{member_id}".encode(), "sha256")
        return digest.hexdigest()[:NAME_LENGTH]


def shared_record_id(config: str, *ids: str) -> str:
    """The id of a record that is not about a single person: the same in every release."""
    return hashlib.sha256("|".join((config, *ids)).encode()).hexdigest()[:NAME_LENGTH]
