"""`manage.py generate STUDY --model NAME`: starts a generation run in the background."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from codesign.accounts.commands import actor_of, add_as
from codesign.shared.errors import Invalid, Refusal
from codesign.studies.queries import study_named
from modelhub.queries.generation import open_judging_round
from modelhub.queries.versions import version_named
from modelhub.rules import generation as rules
from modelhub.services.generation import start_run
from modelhub.services.versions import ensure_embedded_model


class Command(BaseCommand):
    """Prints the id of the run. The page of the run shows its progress."""

    help = "Let a model write responses to a study's prompts, in the background."

    def add_arguments(self, parser: CommandParser) -> None:
        """STUDY --model NAME [--samples N] … [--as EMAIL]."""
        parser.add_argument("study", help="the study's short name, as in its address")
        parser.add_argument("--model", required=True, metavar="NAME")
        parser.add_argument("--samples", type=int, default=rules.SAMPLES, metavar="N")
        parser.add_argument("--temperature", type=float, default=rules.TEMPERATURE)
        parser.add_argument("--max-new-tokens", type=int, default=rules.MAX_NEW_TOKENS)
        parser.add_argument("--seed", type=int, default=0, help="0 draws a random seed")
        parser.add_argument(
            "--system-message", default="", help="default: the message of the study's last run"
        )
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue the run."""
        try:
            ensure_embedded_model()
            study = study_named(options["study"])
            run = start_run(
                actor=actor_of(options),
                study=study,
                version=version_named(study_id=study.id, name=options["model"]),
                settings=rules.Settings(
                    samples=options["samples"],
                    temperature=options["temperature"],
                    max_new_tokens=options["max_new_tokens"],
                    seed=options["seed"],
                    system_message=options["system_message"],
                ),
                round=open_judging_round(study_id=study.id),
            )
        except Invalid as refused:
            sentences = [sentence for of_field in refused.fields.values() for sentence in of_field]
            raise CommandError("\n".join(sentences) or refused.title) from refused
        except Refusal as refused:
            raise CommandError(refused.title) from refused
        self.stdout.write(
            f"Generation run {run.id} is queued: {run.to_write} responses by "
            f"{run.model_version.name}."
        )
