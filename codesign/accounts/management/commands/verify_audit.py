"""`manage.py verify_audit`: verify that nothing in the sealed audit trail was changed."""

from collections.abc import Iterable

from codesign.accounts.commands import Proof
from codesign.audit import queries


class Command(Proof):
    """Verifies every seal."""

    help = "Check every seal of the audit trail."
    proven = "The audit trail is intact."

    def wrong(self) -> Iterable[str]:
        """Return a sentence for each broken seal."""
        return queries.broken_seals()
