"""`manage.py trial_balance`: proves that the book adds up and that work and credits match."""

from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from codesign.accounts.commands import actor_of, add_as
from codesign.compensation import queries
from codesign.shared.errors import Refusal


class Command(BaseCommand):
    """Exit code 1 and one sentence for each thing that does not add up."""

    help = "Prove that legs sum to zero and that each piece of work has its one credit."

    def add_arguments(self, parser: CommandParser) -> None:
        """[--as EMAIL]."""
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Read everything in one snapshot, so that work going on meanwhile cannot disturb."""
        try:
            actor_of(options)
        except Refusal as refused:
            raise CommandError(refused.title) from refused
        with transaction.atomic():
            with transaction.get_connection().cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            wrong = list(chain(queries.imbalances(), queries.credits_against_work()))
            for kind, currency, total in queries.totals():
                self.stdout.write(f"{kind:>8} {currency} {total:>14}")
        if wrong:
            raise CommandError("\n".join(wrong))
        self.stdout.write("The book adds up: every credit has its work, all work its credit.")
