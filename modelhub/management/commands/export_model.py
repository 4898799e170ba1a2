"""`manage.py export_model MODEL DIR [--merge] [--push ORG/NAME]`: exports a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from codesign.accounts.commands import actor_of, add_as
from codesign.shared.errors import Refusal
from modelhub.queries.lineage import trained_named
from modelhub.services import exporting


class Command(BaseCommand):
    """Writes a folder, or uploads to a Hub. With --merge, transformers loads it without PEFT."""

    help = "Export a trained model with tokenizer, model card, lineage and licence."

    def add_arguments(self, parser: CommandParser) -> None:
        """MODEL is a name, STUDY/NAME or an id."""
        parser.add_argument("model", metavar="MODEL", help="name, STUDY/NAME or id of the model")
        parser.add_argument("folder", metavar="DIR", nargs="?", type=Path, help="a new folder")
        parser.add_argument(
            "--merge", action="store_true", help="merge the adapter into its base model, in fp32"
        )
        parser.add_argument(
            "--push",
            metavar="ORG/NAME",
            help="upload to a private repository of the Hub in HF_ENDPOINT, with HF_TOKEN",
        )
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Export the model and say where it is."""
        folder, repository, merge = options["folder"], options["push"], options["merge"]
        if not folder and not repository:
            raise CommandError("Name a new folder, or a repository with --push.")
        try:
            actor = actor_of(options)
            version = trained_named(options["model"])
            if folder:
                exporting.export_to(actor=actor, version=version, into=folder, merge=merge)
                self.stdout.write(f"Wrote {version.name} to {folder}.")
            if repository:
                address = exporting.push(
                    actor=actor, version=version, repository=repository, merge=merge
                )
                self.stdout.write(f"Uploaded {version.name} to {address}.")
        except Refusal as refusal:
            raise CommandError(refusal.title) from refusal
