"""`manage.py train RELEASE --method dpo --base NAME`: ask for a training run and watch it."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from codesign.accounts.commands import actor_of, add_as
from codesign.shared.errors import Invalid, Refusal
from modelhub.models import TrainingRun
from modelhub.queries.training import base_named, release_named, run_for_command
from modelhub.rules.states import Method, TrainingState
from modelhub.services.training import request_training

LOOK_EVERY_SECONDS = 1.0
ENDED = {TrainingState.DONE, TrainingState.FAILED, TrainingState.CANCELLED}


class Command(BaseCommand):
    """The run itself is a worker's; this command may be left at any time."""

    help = "Train a model on a dataset release, by the workers of a running Codesign."

    def add_arguments(self, parser: CommandParser) -> None:
        """RELEASE is STUDY/NUMBER, as in `hard-days/2`, or the release's id."""
        parser.add_argument("release", metavar="RELEASE", help="STUDY/NUMBER or the release's id")
        parser.add_argument("--method", required=True, choices=[str(m) for m in Method])
        parser.add_argument("--base", required=True, metavar="NAME", help="model to start from")
        parser.add_argument("--steps", type=int, default=None, help="steps instead of one epoch")
        parser.add_argument("--seed", type=int, default=0)
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue the run and print its progress until it ends."""
        try:
            release = release_named(options["release"])
            run = request_training(
                actor=actor_of(options),
                release=release,
                base=base_named(options["base"], study=release.study),
                method=options["method"],
                params={"max_steps": options["steps"]} if options["steps"] else {},
                seed=options["seed"],
            )
        except Refusal as refusal:
            details = refusal.fields.get("params", []) if isinstance(refusal, Invalid) else []
            raise CommandError(" ".join([refusal.title, *details])) from refusal
        self.stdout.write(f"Training run {run.id} waits for a worker; Ctrl-C leaves it running.")
        try:
            run = self._follow(run)
        except KeyboardInterrupt:
            self.stdout.write("\nLeft; the run goes on.")
            return
        if run.state != TrainingState.DONE:
            raise CommandError(run.error or f"The run was {run.state}.")
        self.stdout.write(f"Made {run.model_version.name} ({run.model_version.sha256}).")

    def _follow(self, run: TrainingRun) -> TrainingRun:
        said = ""
        while run.state not in ENDED:
            time.sleep(LOOK_EVERY_SECONDS)
            run = run_for_command(run_id=run.id)
            seconds = run.progress.seconds_left
            left = "" if seconds is None else f", {seconds:.0f} s left"
            line = f"{run.state}: {run.progress.done} of {run.progress.total} steps{left}"
            if line != said:
                self.stdout.write(line)
                said = line
        return run
