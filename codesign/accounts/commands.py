"""Shared parts of management commands: `--as EMAIL`, and commands that verify something."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from codesign.accounts.queries import actor_named
from codesign.shared.actors import Actor
from codesign.shared.errors import Refusal


def add_as(parser: ArgumentParser) -> None:
    """Add the option `--as EMAIL`."""
    parser.add_argument("--as", dest="as_email", metavar="EMAIL", help="account that does this")


def actor_of(options: Mapping[str, Any]) -> Actor:
    """Return the actor of the command, by default the system. Raises NotFound if unknown."""
    return actor_named(options["as_email"])


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Read the database as it is now, unaffected by concurrent changes."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class Proof(BaseCommand):
    """A verification command. Exits with code 1 and prints one sentence for each problem."""

    proven: str
    """Printed if there is no problem."""

    def wrong(self) -> Iterable[str]:
        """Return a sentence for each problem."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        """[--as EMAIL]."""
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks and print the result."""
        try:
            actor_of(options)
        except Refusal as refusal:
            raise CommandError(refusal.title) from refusal
        if wrong := list(self.wrong()):
            raise CommandError("\n".join(wrong))
        self.stdout.write(self.proven)
