"""`manage.py verify_audit`: proves that nothing in the sealed audit trail was changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from codesign.accounts.commands import actor_of, add_as
from codesign.audit import queries
from codesign.shared.errors import Refusal


class Command(BaseCommand):
    """Walks every seal; exit code 1 and one sentence for each that does not fit."""

    help = "Check every seal of the audit trail."

    def add_arguments(self, parser: CommandParser) -> None:
        """[--as EMAIL]."""
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the verdict."""
        try:
            actor_of(options)
        except Refusal as refused:
            raise CommandError(refused.title) from refused
        broken = list(queries.broken_seals())
        if broken:
            raise CommandError("\n".join(broken))
        self.stdout.write("The audit trail is whole.")
