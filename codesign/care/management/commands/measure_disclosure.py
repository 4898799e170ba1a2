"""`manage.py measure_disclosure`: how well the detector of disclosures finds labelled sentences."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from codesign.care.rules.disclosure.measuring import (
    PARTS,
    WORDS,
    Labelled,
    measure,
    milliseconds,
    read_sentences,
)
from codesign.care.rules.disclosure.tables import language_codes


class Command(BaseCommand):
    """Needs neither the database nor the network."""

    help = (
        "Print recall and precision of the detector of disclosures for each language and part, and"
        " its processor time."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own way

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--show", action="store_true", help="print the sentences that were judged wrongly"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each language and part."""
        self.stdout.write(
            f"{'':<4}{'part':<21}{'sentences':>9}{'recall':>8}{'precision':>11}{'alarms':>8}"
            f"{'imminent recall':>17}{f'ms per {WORDS} words':>18}"
        )
        for code in language_codes():
            for part in PARTS:
                sentences = read_sentences(code, part)
                figures = measure(sentences)
                self.stdout.write(
                    f"{code:<4}{part:<21}{figures.sentences:>9}{figures.recall:>8.3f}"
                    f"{figures.precision:>11.3f}{figures.alarms:>8.3f}"
                    f"{figures.imminent_recall:>17.3f}"
                    f"{milliseconds(sentences):>18.2f}"
                )
                if options["show"]:
                    self._show("missed", figures.missed)
                    self._show("false alarm", figures.false_alarms)

    def _show(self, what: str, sentences: list[Labelled]) -> None:
        for sentence in sentences:
            self.stdout.write(f"    {what} ({sentence.kind}): {sentence.text}")
