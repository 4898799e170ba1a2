"""`manage.py import_prompts STUDY FILE`: prompts, and responses with the models that wrote them."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.services.intake import RowsRefused
from codesign.accounts.commands import actor_of, add_as
from codesign.shared.errors import Refusal
from codesign.studies.queries import study_named
from modelhub.services.imports import ImportReport, import_file


class Command(BaseCommand):
    """Exit code 1 and a sentence for each bad line; then nothing was imported."""

    help = "Import prompts (JSONL, CSV or Parquet), with or without responses."

    def add_arguments(self, parser: CommandParser) -> None:
        """STUDY FILE [--skip-bad] [--as EMAIL]."""
        parser.add_argument("study", help="the study's short name, as in its address")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--skip-bad", action="store_true", help="import what is fine and list the rest"
        )
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, or say line by line why not."""
        try:
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
