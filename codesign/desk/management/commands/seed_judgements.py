"""`manage.py seed_judgements STUDY`: add example judgements, to try out releases and training."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from codesign.accounts.commands import actor_of, add_as
from codesign.desk.services.simulated_judgements import seed_judgements
from codesign.shared.errors import Refusal
from codesign.studies.queries import study_named
from modelhub.queries.generation import responses_to_come


class Command(BaseCommand):
    """Fills free seats on behalf of each consented member. Every row is marked as an example."""

    help = "Fill the free seats of a study with example judgements, which are marked as such."

    def add_arguments(self, parser: CommandParser) -> None:
        """STUDY [--as EMAIL]."""
        parser.add_argument("study", help="short name of the study, as in its address")
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Add the judgements and print what was added and what is left."""
        try:
            actor_of(options)
            study = study_named(options["study"])
            seeded = seed_judgements(study=study)
        except Refusal as refusal:
            raise CommandError(refusal.title) from refusal
        self.stdout.write(
            f"Added {seeded.judgements} example judgements by {seeded.people} people and "
            f"{seeded.reviewed} decisions on their rewrites and flags. They are marked as examples "
            "everywhere and are not paid."
        )
        if seeded.left_alone:
            self.stdout.write(f"Skipped {seeded.left_alone} people who hold an assignment.")
        if seeded.free_seats:
            self.stdout.write(f"{seeded.free_seats} seats are still free.")
        if waiting := responses_to_come(study_id=study.id):
            self.stdout.write(
                f"{waiting} responses are not generated yet. Run this command again later."
            )
