"""`manage.py fit_disclosure`: fits the second step of the detector after sentences have changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from codesign.care.rules.disclosure.fitting import fit
from codesign.care.rules.disclosure.likeness import WEIGHTS, write_weights


class Command(BaseCommand):
    """Needs neither the database nor the network."""

    help = "Fit the weights of the detector of disclosures to the labelled sentences (decision 30)."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own way

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the weights into the source folder."""
        write_weights(fit())
        self.stdout.write(f"{WEIGHTS.name} is written. manage.py measure_disclosure measures it.")
