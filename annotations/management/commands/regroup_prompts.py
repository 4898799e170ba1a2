"""`manage.py regroup_prompts STUDY`: computes the split groups of a study again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.services.regroup import regroup_prompts
from codesign.accounts.commands import actor_of, add_as
from codesign.shared.errors import Refusal
from codesign.studies.queries import study_named


class Command(BaseCommand):
    """For studies whose prompts were added before the rules of split groups changed."""

    help = (
        "Compute the split groups of a study again. A prompt that a release has used keeps its "
        "side: training, validation or test."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add STUDY and --as EMAIL."""
        parser.add_argument("study", help="The study's short name, as in its address.")
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Compute the groups, and print the progress and what changed."""
        try:
            changes = regroup_prompts(
                actor=actor_of(options),
                study=study_named(options["study"]),
                progress=self.stdout.write,
            )
        except Refusal as refusal:
            raise CommandError(refusal.title) from refusal
        self.stdout.write(
            f"{changes.prompts} prompts: {changes.moved} are in another group now. "
            f"{changes.freed} are no longer kept out of training by a held-out prompt, "
            f"{changes.held_out} are from now on. {changes.stay} belong together with prompts on "
            "another side, but stay where a release has used them."
        )
