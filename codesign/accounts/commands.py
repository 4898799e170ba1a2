"""What management commands share: `--as EMAIL` names who acts; how a proof is told."""

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
    """Let the command take `--as EMAIL`."""
    parser.add_argument("--as", dest="as_email", metavar="EMAIL", help="who does this")


def actor_of(options: Mapping[str, Any]) -> Actor:
    """Who the command acts as; the system where nobody is named. NotFound for a stranger."""
    return actor_named(options["as_email"])


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Read everything as it is now, so that work going on meanwhile cannot disturb."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class Proof(BaseCommand):
    """A command that proves something: exit code 1 and one sentence for each thing amiss."""

    proven: str
    """What it says where nothing is."""

    def wrong(self) -> Iterable[str]:
        """A sentence for each thing amiss."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        """[--as EMAIL]."""
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, and print the verdict."""
        try:
            actor_of(options)
        except Refusal as refused:
            raise CommandError(refused.title) from refused
        if wrong := list(self.wrong()):
            raise CommandError("\n".join(wrong))
        self.stdout.write(self.proven)
