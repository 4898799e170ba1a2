"""`manage.py import_prompts STUDY FILE`: imports prompts, and responses with their models."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.rules.prompts import RowProblem
from codesign.accounts.commands import actor_of, add_as
from codesign.shared.errors import Refusal
from codesign.studies.queries import study_named
from modelhub.models import Upload
from modelhub.rules import import_words
from modelhub.rules.import_choices import KINDS, Unknown, read_options
from modelhub.rules.mapping import OURS
from modelhub.rules.states import UploadState
from modelhub.services.command_imports import import_here
from modelhub.services.file_rows import NoPrompts
from modelhub.services.imports import ImportReport, check_file

MOST_TIED = 50
"""Rows whose split groups are printed one by one."""


class Command(BaseCommand):
    """If a row is invalid, prints the errors, imports nothing and ends with exit code 1.

    An import is a job of the study: its history shows it, and its coordinator can cancel it.
    """

    help = (
        "Import prompts, with or without responses: CSV, TSV, Excel, JSON, JSON Lines or Parquet, "
        "also packed as .gz or .zst."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """STUDY FILE [--map …] [--choose …] [--source …] [--skip-bad] [--check] [--as EMAIL]."""
        parser.add_argument("study", help="the study's short name, as in its address")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--skip-bad", action="store_true", help="import the valid rows and list the others"
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="print what an import would do, and the split groups; import nothing",
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="OURS=THEIRS",
            help="the file's column for one of ours, such as prompt=questionText; can be repeated",
        )
        parser.add_argument(
            "--choose",
            action="append",
            default=[],
            metavar="KIND=WHAT",
            help="what is done with turns and texts of a kind; can be repeated. " + _kinds(),
        )
        parser.add_argument(
            "--source",
            default="",
            help="where ranks, scores and spans were made, such as a data set and its version; "
            "releases show it (default: the name of the format)",
        )
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import or check the file."""
        try:
            how = {
                "actor": actor_of(options),
                "study": study_named(options["study"]),
                "path": options["file"],
                "options": read_options(
                    map_=options["map"],
                    choose=options["choose"],
                    columns=OURS,
                    source=options["source"],
                ),
            }
            if options["check"]:
                self._print_check(check_file(**how))
                return
            upload = import_here(**how, skip_bad=options["skip_bad"])
        except NoPrompts as unknown:
            raise CommandError(f"{unknown.title} Name them with --map prompt=COLUMN.") from unknown
        except Unknown as unknown:
            raise CommandError(str(unknown)) from unknown
        except Refusal as refused:
            raise CommandError(refused.title) from refused
        if upload.state != UploadState.DONE:
            raise CommandError(self._errors(upload))
        self._print_report(upload)

    def _errors(self, upload: Upload) -> str:
        """Return why nothing was imported: the errors of the first invalid rows, and what to do."""
        if not upload.problems:
            return upload.error or f"The import was {upload.state}. Nothing was imported."
        count = upload.found["skipped"]
        invalid = "1 row is invalid" if count == 1 else f"{count:,} rows are invalid"
        end = (
            f"{invalid}, so nothing was imported. Fix the file, or import the valid rows with "
            "--skip-bad."
        )
        return "\n".join([*_problems(upload), end])

    def _print_check(self, report: ImportReport) -> None:
        """Print what an import would do. Rows that hold out others come first."""
        self._print_notes(report.notes)
        self._print_lines(import_words.said(report.about))
        for problem in report.skipped:
            self.stdout.write(f"cannot be imported: {problem}")
        for row in report.tied[:MOST_TIED]:
            held_out = ", held out" if row.held_out else ""
            effect = f"; holds out {row.made_held_out} of them" if row.made_held_out else ""
            self.stdout.write(
                f"line {row.line}{held_out}: in a split group with {row.tied_to} others{effect}"
            )
        if more := len(report.tied[MOST_TIED:]):
            self.stdout.write(f"{more} more rows are in split groups with others.")
        self.stdout.write(
            f"{report.prompts} prompts would be imported, {report.already_there} exist already; "
            f"{report.responses} responses; {len(report.skipped)} rows are invalid. "
            f"{len(report.tied)} rows would be in split groups with other prompts, and "
            f"{report.made_held_out} prompts would be held out with their group. "
            "Nothing was imported."
        )

    def _print_notes(self, notes: Sequence[str]) -> None:
        for note in notes:
            self.stdout.write(f"note: {note}")

    def _print_report(self, upload: Upload) -> None:
        counts = upload.found
        self._print_notes(counts["notes"])
        self._print_lines(import_words.said(counts))
        for problem in _problems(upload):
            self.stdout.write(f"skipped {problem}")
        names = ", ".join(counts["models"])
        self.stdout.write(
            f"{counts['prompts']} prompts imported, {counts['already_there']} existed already; "
            f"{counts['responses']} responses{f' ({names})' if names else ''}; "
            f"{counts['tasks']} new tasks; {counts['skipped']} rows skipped."
        )
        if counts["wait_for_round"]:
            self.stdout.write(
                f"{counts['wait_for_round']} prompts can be judged when a judging round opens."
            )
        if counts["wait_for_go"]:
            self.stdout.write(
                f"{counts['wait_for_go']} prompts wait until a coordinator adds them to the round."
            )
        if counts["columns_not_used"]:
            self.stdout.write(f"Unknown columns: {', '.join(counts['columns_not_used'])}.")

    def _print_lines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.stdout.write(line)


def _kinds() -> str:
    return " ".join(f"{kind}: {', '.join(one.options)}." for kind, one in KINDS.items())


def _problems(upload: Upload) -> list[str]:
    """Return the errors that are stored with the import, and the number of the others."""
    problems = [str(RowProblem(line, problem)) for line, problem in upload.problems]
    if more := upload.found["skipped"] - len(problems):
        problems.append(f"and {more:,} more, which --check lists")
    return problems
