"""`manage.py register_model NAME --folder PATH`: registers a model, and checks it here."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from codesign.accounts.commands import actor_of, add_as
from codesign.jobs.queries import job_about
from codesign.jobs.services.working import run_to_end
from codesign.shared.errors import Invalid, Refusal
from codesign.studies.queries import study_named
from modelhub.models import ModelVersion
from modelhub.queries.versions import CHECK, chosen_base_for_adapter
from modelhub.rules.registering import Registration
from modelhub.rules.states import ModelKind, ModelState
from modelhub.services.registering import register_model
from modelhub.services.versions import ensure_embedded_model

PLACES = {
    "folder": ModelKind.FOLDER,
    "gguf": ModelKind.GGUF,
    "adapter": ModelKind.ADAPTER,
    "hub": ModelKind.HUB,
    "server": ModelKind.SERVER,
}


class Command(BaseCommand):
    """Checks the model in this process, and ends with exit code 1 if it is refused.

    The command may register any folder. Hub ids and servers are those that the environment allows.
    """

    help = "Register a model: a folder, a GGUF file, an adapter, a Hub model or a served model."

    def add_arguments(self, parser: CommandParser) -> None:
        """NAME (--folder | --gguf | --adapter | --hub | --server) PLACE … [--as EMAIL]."""
        parser.add_argument("name", help="how the model is called here")
        place = parser.add_mutually_exclusive_group(required=True)
        place.add_argument("--folder", metavar="PATH", help="a model in transformers' layout")
        place.add_argument("--gguf", metavar="FILE", help="a GGUF file")
        place.add_argument("--adapter", metavar="PATH", help="a LoRA adapter of PEFT; needs --base")
        place.add_argument("--hub", metavar="ID", help="a Hub id, such as ORGANISATION/NAME")
        place.add_argument("--server", metavar="ADDRESS", help="an OpenAI-compatible server")
        parser.add_argument("--study", metavar="STUDY", help="default: for all studies")
        parser.add_argument("--base", default="", metavar="NAME", help="the base of an adapter")
        parser.add_argument("--revision", default="", help="of a Hub model; default: main")
        parser.add_argument("--served-name", default="", help="the model's name at the server")
        parser.add_argument(
            "--key-variable", default="", help="the environment variable with the server's key"
        )
        parser.add_argument("--licence", default="", help="default: what the model's card says")
        add_as(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Register and check the model."""
        try:
            version = self._registered(options)
        except Invalid as refused:
            sentences = [sentence for of_field in refused.fields.values() for sentence in of_field]
            raise CommandError("\n".join(sentences) or refused.title) from refused
        except Refusal as refused:
            raise CommandError(refused.title) from refused
        if version.state != ModelState.READY:
            raise CommandError(f"{version.name} was refused. {version.problem}")
        self.stdout.write(f"{version.name} is ready{_about(version)}.")

    def _registered(self, options: dict[str, Any]) -> ModelVersion:
        ensure_embedded_model()
        study = study_named(options["study"]) if options["study"] else None
        option = next(name for name in PLACES if options[name])
        kind, place = PLACES[option], options[option]
        if option in ("folder", "gguf", "adapter"):
            place = str(Path(place).absolute())
        actor = actor_of(options)
        base = chosen_base_for_adapter(study_id=study.id if study else None, wanted=options["base"])
        texts = ("revision", "served_name", "key_variable", "licence")
        version = register_model(
            actor=actor,
            study=study,
            wanted=Registration(
                name=options["name"],
                kind=kind,
                location=place,
                **{name: options[name] for name in texts},
            ),
            base=base,
            any_folder=True,
            here=True,
        )
        run_to_end(actor=actor, job=job_about(kind=CHECK, subject_id=version.id))
        version.refresh_from_db()
        return version


def _about(version: ModelVersion) -> str:
    """Return what the check found, in words."""
    facts = version.facts
    found = []
    if "parameters" in facts:
        found.append(f"{facts['architecture']}, {facts['parameters']:,} parameters")
    if "weights" in facts:
        found.append(f"all of its {facts['weights']} weights fit its base")
    if facts.get("samples") is False:
        found.append("its server writes the same text every time, so ask for one response a prompt")
    return f": {'; '.join(found)}" if found else ""
