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
    """For studies whose prompts came in before the rules for ties were changed."""

    help = (
        "Work out again which prompts of a study are tied. A prompt that a release has used keeps "
        "its side: training, validation or test."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """STUDY [--as EMAIL]."""
        parser.add_argument("study", help="The study's short name, as in its address.")
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Work it out, say how far it is and what changed."""
        try:
            found = regroup_prompts(
                actor=actor_of(options),
                study=study_named(options["study"]),
                progress=self.stdout.write,
            )
        except Refusal as refusal:
            raise CommandError(refusal.title) from refusal
        self.stdout.write(
            f"{found.prompts} prompts: {found.moved} are in another group now. {found.freed} are "
            f"no longer kept out of training by a held-out prompt, {found.held_out} are from now "
            f"on. {found.stay} are tied to prompts on another side and stay where a release has "
            "used them."
        )
