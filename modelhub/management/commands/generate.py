"""`manage.py generate STUDY --model NAME`: starts a generation run in the background."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.rules.text_kinds import Category
from codesign.accounts.commands import actor_of, add_as
from codesign.shared.errors import Invalid, Refusal
from codesign.studies.queries import study_named
from modelhub.queries.generation import open_judging_round
from modelhub.queries.versions import version_named
from modelhub.rules import generation as rules
from modelhub.rules.selection import Selection
from modelhub.services.generation import start_runs
from modelhub.services.versions import ensure_embedded_model


class Command(BaseCommand):
    """Prints the id of the run. The page of the run shows its progress."""

    help = "Let a model write responses to a study's prompts, in the background."

    def add_arguments(self, parser: CommandParser) -> None:
        """STUDY --model NAME [--model NAME] [--samples N] … [--as EMAIL]."""
        parser.add_argument("study", help="the study's short name, as in its address")
        parser.add_argument(
            "--model",
            required=True,
            metavar="NAME",
            action="append",
            help="repeat it to compare several models: one task with responses of all",
        )
        chosen = parser.add_argument_group("prompts", "which are answered; each can be repeated")
        chosen.add_argument("--category", action="append", default=[], choices=list(Category))
        chosen.add_argument("--topic", action="append", default=[])
        chosen.add_argument("--language", action="append", default=[], metavar="CODE")
        chosen.add_argument("--external-id", action="append", default=[], metavar="ID")
        chosen.add_argument(
            "--unanswered",
            action="store_true",
            help="only prompts without responses of these models",
        )
        parser.add_argument("--samples", type=int, default=rules.SAMPLES, metavar="N")
        parser.add_argument("--temperature", type=float, default=rules.TEMPERATURE)
        parser.add_argument("--top-p", type=float, default=rules.TOP_P)
        parser.add_argument(
            "--template-arguments",
            default="{}",
            metavar="JSON",
            help="for the chat template, such as '{\"enable_thinking\": false}'",
        )
        parser.add_argument(
            "--batch-size", type=int, default=rules.BATCH_SIZE, help="or requests at a time"
        )
        parser.add_argument("--max-new-tokens", type=int, default=rules.MAX_NEW_TOKENS)
        parser.add_argument("--seed", type=int, default=0, help="0 draws a random seed")
        parser.add_argument(
            "--system-message", default="", help="default: the message of the study's last run"
        )
        budget = parser.add_argument_group("budget", "limits of a run on a server")
        budget.add_argument("--most-tokens", type=int)
        budget.add_argument("--most-cost", type=_amount, metavar="AMOUNT")
        budget.add_argument("--currency", default="", help="such as EUR")
        budget.add_argument("--price-read", type=_amount, help="of a million tokens")
        budget.add_argument("--price-written", type=_amount, help="of a million tokens")
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue the runs."""
        try:
            ensure_embedded_model()
            study = study_named(options["study"])
            runs = start_runs(
                actor=actor_of(options),
                study=study,
                versions=[version_named(study_id=study.id, name=name) for name in options["model"]],
                settings=_settings(options),
                selection=Selection(
                    categories=options["category"],
                    topics=options["topic"],
                    languages=options["language"],
                    external_ids=options["external_id"],
                    unanswered=options["unanswered"],
                ),
                budget=_budget(options),
                round=open_judging_round(study_id=study.id),
            )
        except Invalid as refused:
            sentences = [sentence for of_field in refused.fields.values() for sentence in of_field]
            raise CommandError("\n".join(sentences) or refused.title) from refused
        except Refusal as refused:
            raise CommandError(refused.title) from refused
        for run in runs:
            self.stdout.write(
                f"Generation run {run.id} is queued: {run.to_write} responses by "
                f"{run.model_version.name}."
            )


def _settings(options: dict[str, Any]) -> rules.Settings:
    try:
        arguments = json.loads(options["template_arguments"])
    except ValueError:
        raise CommandError("--template-arguments must be a JSON object.") from None
    names = (
        "samples",
        "temperature",
        "top_p",
        "max_new_tokens",
        "batch_size",
        "seed",
        "system_message",
    )
    return rules.Settings(template_arguments=arguments, **{name: options[name] for name in names})


def _budget(options: dict[str, Any]) -> rules.Budget:
    return rules.Budget(
        most_tokens=options["most_tokens"],
        most_micros=rules.in_micros(options["most_cost"]),
        currency=options["currency"].upper(),
        price_read=rules.in_micros(options["price_read"]) or 0,
        price_written=rules.in_micros(options["price_written"]) or 0,
    )


def _amount(text: str) -> Decimal:
    """Return an amount of money; raises ValueError, which argparse reports."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError from None
    if not amount.is_finite():
        raise ValueError
    return amount
