"""`manage.py verify_audit`: proves that nothing in the sealed audit trail was changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from codesign.audit import queries


class Command(BaseCommand):
    """Walks every seal; exit code 1 and one sentence for each that does not fit."""

    help = "Check every seal of the audit trail."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the verdict."""
        broken = list(queries.broken_seals())
        if broken:
            raise CommandError("\n".join(broken))
        self.stdout.write("The audit trail is whole.")
