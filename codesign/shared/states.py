"""State machines as declared tables (house rule 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codesign.shared.errors import Conflict


@dataclass(frozen=True)
class Transitions:
    """Which state may follow which; everything not listed is refused."""

    name: str
    table: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, name: str, table: Mapping[str, Iterable[str]]) -> Transitions:
        """Build from plain lists."""
        return cls(name, {key: frozenset(value) for key, value in table.items()})

    def allows(self, old: str, new: str) -> bool:
        """Whether `new` may follow `old`."""
        return new in self.table.get(old, frozenset())

    def check(self, old: str, new: str) -> str:
        """Return `new`, or refuse with a Conflict that says where it stands."""
        if not self.allows(old, new):
            stands = old.replace("_", " ")
            raise Conflict(f"This cannot be done any more: the {self.name} is {stands}.")
        return new
