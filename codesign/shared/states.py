"""State machines as declared tables (house rule 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

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
        """Return `new`, or refuse with a Conflict that names the present state."""
        if not self.allows(old, new):
            self.refuse(old)
        return new

    def refuse(self, state: str) -> NoReturn:
        """Raise the Conflict for a row in this state."""
        raise Conflict(
            _("This is no longer possible: the %(name)s is %(state)s.")
            % {"name": self.name, "state": state.replace("_", " ")}
        )
