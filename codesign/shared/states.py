"""State machines as declared tables (house rule 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

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
            raise Conflict(
                _("This is no longer possible: the %(name)s is %(state)s.")
                % {"name": self.name, "state": old.replace("_", " ")}
            )
        return new
