"""`manage.py seed_judgements STUDY`: example judgements, to try releases and training with."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from codesign.accounts.commands import actor_of, add_as
from codesign.desk.services.simulated_judgements import seed_judgements
from codesign.shared.errors import Refusal
from codesign.studies.queries import study_named
from modelhub.queries.generation import responses_to_come


class Command(BaseCommand):
    """Fills the free seats as each consented member; every row is marked as an example."""

    help = "Fill the free seats of a study with example judgements, marked as such."

    def add_arguments(self, parser: CommandParser) -> None:
        """STUDY [--as EMAIL]."""
        parser.add_argument("study", help="the study's short name, as in its address")
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge what is there, and say what is not."""
        try:
            actor_of(options)
            study = study_named(options["study"])
            made = seed_judgements(study=study)
        except Refusal as refused:
            raise CommandError(refused.title) from refused
        self.stdout.write(
            f"{made.judgements} example judgements by {made.people} people, {made.reviewed} "
            "decisions on their rewrites and flags. They are marked as examples everywhere and "
            "not paid."
        )
        if made.left_alone:
            self.stdout.write(f"{made.left_alone} people hold an assignment and were left alone.")
        if made.free_seats:
            self.stdout.write(f"{made.free_seats} seats are still free.")
        if waiting := responses_to_come(study_id=study.id):
            self.stdout.write(f"{waiting} responses are to be written yet: call this again later.")
