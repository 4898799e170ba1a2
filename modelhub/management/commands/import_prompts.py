"""`manage.py import_prompts STUDY FILE`: prompts, and responses with the models that wrote them."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.services.intake import RowsRefused
from codesign.accounts.commands import actor_of, add_as
from codesign.shared.errors import Refusal
from codesign.studies.queries import study_named
from modelhub.services.imports import ImportReport, check_file, import_file

MOST_TIED = 50
"""Rows whose ties are printed one by one."""


class Command(BaseCommand):
    """Exit code 1 and a sentence for each bad line; then nothing was imported."""

    help = "Import prompts (JSONL, CSV or Parquet), with or without responses."

    def add_arguments(self, parser: CommandParser) -> None:
        """STUDY FILE [--skip-bad] [--check] [--as EMAIL]."""
        parser.add_argument("study", help="the study's short name, as in its address")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--skip-bad", action="store_true", help="import what is fine and list the rest"
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="say what would come of it and which prompts it would tie; write nothing",
        )
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, or say line by line why not."""
        try:
            if options["check"]:
                self._say_ties(
                    check_file(
                        actor=actor_of(options),
                        study=study_named(options["study"]),
                        path=options["file"],
                    )
                )
                return
            report = import_file(
                actor=actor_of(options),
                study=study_named(options["study"]),
                path=options["file"],
                skip_bad=options["skip_bad"],
            )
        except RowsRefused as refused:
            raise CommandError(self._why_nothing(refused)) from refused
        except Refusal as refused:
            raise CommandError(refused.title) from refused
        self._say(report)

    def _why_nothing(self, refused: RowsRefused) -> str:
        """Each bad line, and at the end how many there are and what can be done."""
        count = len({problem.line for problem in refused.problems})
        wrong = "1 row is wrong" if count == 1 else f"{count:,} rows are wrong"
        end = (
            f"{wrong}, so nothing was imported. Put the file right, or import the other rows "
            "alone with --skip-bad."
        )
        return "\n".join([*map(str, refused.problems), end])

    def _say_ties(self, report: ImportReport) -> None:
        """What an import would do; rows that hold others out come first."""
        for problem in report.skipped:
            self.stdout.write(f"cannot be imported: {problem}")
        for row in report.tied[:MOST_TIED]:
            held_out = ", held out" if row.held_out else ""
            through = f"; {row.made_held_out} held out through it" if row.made_held_out else ""
            self.stdout.write(f"line {row.line}{held_out}: tied to {row.tied_to} others{through}")
        if more := len(report.tied[MOST_TIED:]):
            self.stdout.write(f"{more} more rows are tied to others.")
        self.stdout.write(
            f"{report.prompts} prompts would be imported, {report.already_there} are there "
            f"already; {report.responses} responses; {len(report.skipped)} rows cannot be "
            f"imported. {len(report.tied)} rows would be tied to other prompts, and "
            f"{report.made_held_out} prompts would be held out because they are tied to held-out "
            "prompts. Nothing was written."
        )

    def _say(self, report: ImportReport) -> None:
        for problem in report.skipped:
            self.stdout.write(f"skipped {problem}")
        names = ", ".join(sorted(report.models))
        self.stdout.write(
            f"{report.prompts} prompts imported, {report.already_there} were there already; "
            f"{report.responses} responses{f' ({names})' if names else ''}; "
            f"{report.tasks} new tasks; {len(report.skipped)} rows skipped."
        )
        if report.wait_for_round:
            self.stdout.write(
                f"{report.wait_for_round} prompts have responses to compare and no judging round "
                "is open."
            )
        if report.columns_not_used:
            unused = ", ".join(sorted(report.columns_not_used))
            self.stdout.write(f"Columns that are not used: {unused}.")
