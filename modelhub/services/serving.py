"""Generates the texts of a chunk with a model on a server, within the budget of its run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from django.utils.translation import gettext as _

from codesign.jobs.registry import Failed, Retry
from modelhub.engine.generate import Request
from modelhub.engine.server_answers import Halt
from modelhub.models import GenerationRun
from modelhub.rules import generation as rules
from modelhub.rules.generation import Budget, Settings
from modelhub.services.model_checks import server_of
from modelhub.services.writing import Outcome


def budget_of(*, run: GenerationRun) -> Budget:
    """Return the budget of a run, with its prices."""
    return Budget(**{name: getattr(run, name) for name in asdict(Budget())})


def has_budget(*, run: GenerationRun) -> bool:
    """Return whether the tokens or the cost of a run are limited."""
    return run.most_tokens is not None or run.most_micros is not None


class ServedWriter:
    """Generates batches, counts tokens, and keeps the reason if the server or budget stops it."""

    def __init__(
        self, *, run: GenerationRun, settings: Settings, check: Callable[[], object]
    ) -> None:
        from modelhub.engine.server import Meter

        left = rules.budget_left(
            read=run.tokens_read, written=run.tokens_written, budget=budget_of(run=run)
        )
        self._server = server_of(version=run.model_version)
        self._settings = settings
        self._check = check
        self._meter = Meter(
            most_tokens=left.most_tokens,
            most_cost=left.most_micros,
            price_read=left.price_read / rules.MICROS,
            price_written=left.price_written / rules.MICROS,
        )
        self._halt: Halt | None = None

    def __call__(self, requests: Sequence[Request]) -> Sequence[Outcome]:
        """Return the texts of one batch; None for those that were not requested."""
        from modelhub.engine.server import Sampling, write_all

        if self._halt:
            return [None] * len(requests)
        settings = self._settings
        batch = write_all(
            server=self._server,
            requests=requests,
            sampling=Sampling(
                system_message=settings.system_message,
                temperature=settings.temperature,
                top_p=settings.top_p,
                max_new_tokens=settings.max_new_tokens,
                template_arguments=settings.template_arguments,
            ),
            concurrency=settings.batch_size,
            meter=self._meter,
            check=self._check,
        )
        self._halt = batch.halt
        return batch.answers

    @property
    def used(self) -> tuple[int, int]:
        """The tokens that the server read and wrote."""
        return self._meter.read, self._meter.written

    def stop(self, *, attempt: int) -> Failed | Retry | None:
        """Return what ends or delays the run, or None. `attempt` counts from 1."""
        halt = self._halt
        if halt is None:
            return None
        if halt.over_budget:
            return Failed(_("The budget of this run is used up. Raise it, then resume the run."))
        if halt.away:
            if attempt > len(rules.AWAY_SECONDS):
                return Failed(str(halt))
            return Retry(str(halt), seconds=rules.AWAY_SECONDS[attempt - 1], counts=True)
        if halt.seconds is not None:
            return Retry(str(halt), seconds=halt.seconds)
        return Failed(str(halt))
