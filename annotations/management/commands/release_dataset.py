"""`manage.py release_dataset STUDY --purpose training`: builds and freezes a release here."""

from __future__ import annotations

from argparse import ArgumentParser
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.models import DatasetRelease
from annotations.queries import releases as queries
from annotations.rules.releases import LEAST_MARGIN, LEAST_P, LeastAsked, drop_reason_text
from annotations.rules.states import ReleasePurpose, ReleaseState
from annotations.services import recipients, releases
from codesign.accounts.commands import actor_of, add_as
from codesign.shared.errors import Refusal
from codesign.studies.queries import study_named


class Command(BaseCommand):
    """Prints the progress, the folder of the files, and what was left out and why."""

    help = "Build and freeze a dataset release of a study."
    requires_system_checks = ()  # they load every page: 22 MB

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add purpose, thresholds, target folder and --as EMAIL."""
        parser.add_argument("study", help="The study's short name, as in its address.")
        parser.add_argument("--purpose", required=True, choices=list(map(str, ReleasePurpose)))
        parser.add_argument(
            "--least-p",
            type=Decimal,
            default=LEAST_P[0],
            metavar="P",
            help="Leave out less certain preferences: from 0.5 to below 1.",
        )
        parser.add_argument(
            "--least-margin",
            type=Decimal,
            default=LEAST_MARGIN[0],
            metavar="MARGIN",
            help="Leave out preferences that are weaker: from 0 to 3.",
        )
        parser.add_argument(
            "--least-median",
            type=Decimal,
            metavar="SHARE",
            help="Add the best-rated reply of each prompt to sft, if its median in every cohort is"
            " at least this share of the scale: from 0.5 to 1.",
        )
        parser.add_argument("--out", type=Path, help="Copy the frozen files to this new folder.")
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Build the release, print its content, and copy its files if asked."""
        try:
            actor = actor_of(options)
            out: Path | None = options["out"]
            if out:
                recipients.check_target(folder=out)
            release = releases.release_now(
                actor=actor,
                study=study_named(options["study"]),
                purpose=options["purpose"],
                least=LeastAsked(
                    options["least_p"], options["least_margin"], options["least_median"]
                ),
                progress=self._progress,
            )
            if release.state != ReleaseState.FROZEN:
                job = queries.job_of_release(release_id=release.id)
                raise CommandError(job.reason or "The release is not frozen.")
            self._say(release)
            if out:
                recipients.copy_release(actor=actor, release=release, into=out)
                self.stdout.write(f"Copied to {out}")
        except Refusal as refusal:
            errors = chain(*getattr(refusal, "fields", {}).values())
            raise CommandError(" ".join([refusal.title, *errors])) from refusal

    def _progress(self, done: int, total: int) -> None:
        self.stdout.write(f"{done} of {total} judgements")

    def _say(self, release: DatasetRelease) -> None:
        manifest = release.manifest
        self.stdout.write(f"Release {release.number} for {release.purpose} is frozen.")
        for config, splits in manifest["rows"].items():
            parts = ", ".join(f"{split} {count}" for split, count in splits.items())
            self.stdout.write(f"  {config}: {sum(splits.values())} rows ({parts or 'none'})")
            for reason, count in manifest["dropped"][config].items():
                self.stdout.write(f"    left out: {count} {drop_reason_text(reason)}")
        if release.has_examples:
            self.stdout.write("  It contains example judgements made by a program.")
        self.stdout.write(f"manifest.json sha256 {release.manifest_sha256}")
        self.stdout.write(str(queries.folder_of(release)))
