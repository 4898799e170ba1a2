"""`manage.py set_pay_floor NORM ...`: add the least hourly pay of one norm."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from codesign.accounts.commands import actor_of, add_as
from codesign.compensation.rules.floors import Floor
from codesign.compensation.services import floors
from codesign.shared.errors import Refusal
from codesign.shared.money import read_money


class Command(BaseCommand):
    """Rates below the minimum are refused in every study; below the recommended, they warn."""

    help = "Set the minimum and recommended pay of a norm, per hour, from a date on."

    def add_arguments(self, parser: CommandParser) -> None:
        """NORM, amounts per hour, where and from when, and the source."""
        parser.add_argument("norm", metavar="NORM")
        parser.add_argument("--currency", required=True, help="such as EUR")
        parser.add_argument("--country", default="", help="two letters; default: every country")
        parser.add_argument("--minimum", metavar="AMOUNT", help="an hour, such as 12.00")
        parser.add_argument("--recommended", metavar="AMOUNT", help="an hour")
        parser.add_argument("--from", dest="valid_from", metavar="DATE", type=date.fromisoformat)
        parser.add_argument("--source", required=True, help="where the amount is published")
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Add the floor. Raises CommandError with the reason if it is refused."""
        currency = options["currency"].upper()
        try:
            floor = Floor(
                norm=options["norm"],
                country=options["country"].upper(),
                currency=currency,
                minimum_minor=_amount(options["minimum"], currency),
                recommended_minor=_amount(options["recommended"], currency),
                valid_from=options["valid_from"] or timezone.now().date(),
                source=options["source"],
            )
            floors.set_floor(actor=actor_of(options), floor=floor)
        except Refusal as refusal:
            raise CommandError(refusal.title) from refusal
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{floor.norm} applies from {floor.valid_from}.")


def _amount(written: str | None, currency: str) -> int | None:
    return None if written is None else read_money(written, currency)
