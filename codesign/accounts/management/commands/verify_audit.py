"""`manage.py verify_audit`: proves that nothing in the sealed audit trail was changed."""

from collections.abc import Iterable

from codesign.accounts.commands import Proof
from codesign.audit import queries


class Command(Proof):
    """Walks every seal."""

    help = "Check every seal of the audit trail."
    proven = "The audit trail is whole."

    def wrong(self) -> Iterable[str]:
        """A sentence for each seal that does not fit."""
        return queries.broken_seals()
