"""`manage.py regroup_prompts STUDY`: computes the split groups of a study again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.services.regroup import regroup_here
from codesign.accounts.commands import actor_of, add_as
from codesign.jobs.rules import JobState
from codesign.shared.errors import Refusal
from codesign.studies.queries import study_named


class Command(BaseCommand):
    """For studies whose prompts were added before the rules of split groups changed.

    This is a job of the study: its history shows it, and its coordinator can cancel it.
    """

    help = (
        "Compute the split groups of a study again. A prompt that a release has used keeps its "
        "side: training, validation or test."
    )
    requires_system_checks = ()
    _last_line = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add STUDY and --as EMAIL."""
        parser.add_argument("study", help="The study's short name, as in its address.")
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Compute the groups, and print the progress and what changed."""
        try:
            job = regroup_here(
                actor=actor_of(options),
                study=study_named(options["study"]),
                progress=self._progress,
            )
        except Refusal as refusal:
            raise CommandError(refusal.title) from refusal
        if job.state != JobState.DONE:
            raise CommandError(job.reason or f"This was {job.state}. The groups are unchanged.")
        self.stdout.write(job.reason)

    def _progress(self, done: int, total: int) -> None:
        line = f"{done} of {total} prompts read and written"
        if line != self._last_line:
            self._last_line = line
            self.stdout.write(line)
