"""`manage.py check_counts`: proves the kept counts by counting everything once more."""

from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from annotations.queries.progress import rounds_miscounted
from codesign.accounts.commands import actor_of, add_as
from codesign.shared.errors import Refusal
from modelhub.queries.generation import runs_miscounted


class Command(BaseCommand):
    """Exit code 1 and one sentence for each round or run that says another number."""

    help = "Prove the counts of rounds and generation runs by counting; trial_balance proves pay's."

    def add_arguments(self, parser: CommandParser) -> None:
        """[--as EMAIL]."""
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Count everything in one snapshot, so that work going on meanwhile cannot disturb."""
        try:
            actor_of(options)
        except Refusal as refused:
            raise CommandError(refused.title) from refused
        with transaction.atomic():
            with transaction.get_connection().cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            wrong = list(chain(rounds_miscounted(), runs_miscounted()))
        if wrong:
            raise CommandError("\n".join(wrong))
        self.stdout.write("Every count is what counting says.")
