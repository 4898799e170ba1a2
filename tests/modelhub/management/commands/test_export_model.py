"""`manage.py export_model`: folders, and uploads to a Hub."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotations.models import DatasetRelease
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import Conflict
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.engine.weights import EMBEDDED_NAME, exclusive
from modelhub.models import ModelVersion
from modelhub.services import exporting
from tests.factories.studies import staff
from tests.support.judging_doors import close
from tests.support.running import eventually
from tests.support.small_hub import TOKEN, small_hub
from tests.support.trained_models import ADAPTER, PAPERS, TOKENIZER, names_in

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def test_a_model_is_uploaded_to_the_hub_that_the_operator_names(
    settings: Any, study: Study, model: ModelVersion, models: Path
) -> None:
    said = io.StringIO()
    with small_hub() as hub:
        settings.HUB_ENDPOINT, settings.HUB_TOKEN, settings.HUB_OFFLINE = hub.address, TOKEN, False
        call_command("export_model", model.name, "--push", "org/name", stdout=said)
    assert hub.created == [{"name": "name", "organization": "org", "visibility": "private"}]
    assert set(hub.files) == ADAPTER | TOKENIZER | PAPERS
    weights = "adapter_model.safetensors"
    assert hub.files[weights] == (models / model.path / weights).read_bytes()
    assert f"Uploaded {model.name} to {hub.address}/org/name." in said.getvalue()
    event = Event.objects.get(action="modelhub.model_exported")
    assert (event.data["to"], event.data["merged"]) == ("org/name", False)
    assert {path.name for path in models.iterdir()} == {EMBEDDED_NAME, "adapters"}


def test_a_hub_that_refuses_is_quoted_without_the_token(settings: Any, model: ModelVersion) -> None:
    with small_hub() as hub:
        settings.HUB_ENDPOINT, settings.HUB_TOKEN, settings.HUB_OFFLINE = hub.address, TOKEN, False
        hub.refuses = 403
        with pytest.raises(CommandError, match=r"did not accept the model: .*403") as caught:
            call_command("export_model", model.name, "--push", "org/name")
    assert TOKEN not in str(caught.value)
    with pytest.raises(CommandError, match=r"did not accept the model: .*refused"):
        call_command("export_model", model.name, "--push", "org/name")
    assert not Event.objects.filter(action="modelhub.model_exported").exists()


def test_nothing_is_uploaded_to_a_public_repository(settings: Any, model: ModelVersion) -> None:
    with small_hub() as hub:
        settings.HUB_ENDPOINT, settings.HUB_TOKEN, settings.HUB_OFFLINE = hub.address, TOKEN, False
        hub.public = True
        with pytest.raises(CommandError, match="org/name is public"):
            call_command("export_model", model.name, "--push", "org/name")
    assert (hub.files, hub.large) == ({}, {})
    assert not Event.objects.filter(action="modelhub.model_exported").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["folder", "hub"])
def test_a_withdrawal_during_an_export_stops_it(
    settings: Any, model: ModelVersion, models: Path, tmp_path: Path, way: str
) -> None:
    """The export waits for the files of its base while a person withdraws."""
    receipt = models / EMBEDDED_NAME / "conversion.json"
    sizes = receipt.read_text()
    receipt.unlink()

    def export() -> None:
        arguments = ["--push", "org/name"] if way == "hub" else [str(tmp_path / "out")]
        try:
            call_command("export_model", model.name, *arguments)
        finally:
            close()

    with small_hub() as hub, ThreadPoolExecutor(1) as pool:
        settings.HUB_ENDPOINT, settings.HUB_TOKEN, settings.HUB_OFFLINE = hub.address, TOKEN, False
        with exclusive(models / ".lock"):
            exporting_now = pool.submit(export)
            eventually(lambda: any(tmp_path.rglob(".export-*")) or any(tmp_path.glob(".out-*")))
            DatasetRelease.objects.update(state="superseded")
            receipt.write_text(sizes)
        with pytest.raises(CommandError, match="withdrawn later"):
            exporting_now.result()
    assert (hub.created, hub.files, (tmp_path / "out").exists()) == ([], {}, False)


def test_an_upload_needs_an_address_a_token_and_the_network(
    settings: Any, model: ModelVersion
) -> None:
    for endpoint, token, offline, sentence in (
        ("", TOKEN, False, "HF_ENDPOINT to the address"),
        ("ftp://hub.example.org", TOKEN, False, "HF_ENDPOINT to the address"),
        ("https://hub.example.org", "", False, "HF_TOKEN to a token"),
        ("https://hub.example.org", TOKEN, True, "HF_HUB_OFFLINE forbids"),
    ):
        settings.HUB_ENDPOINT, settings.HUB_TOKEN, settings.HUB_OFFLINE = endpoint, token, offline
        with pytest.raises(Conflict, match=sentence):
            exporting.push(actor=SYSTEM, version=model, repository="org/name", merge=False)


def test_a_model_whose_name_has_a_slash_is_found(
    study: Study, model: ModelVersion, tmp_path: Path
) -> None:
    child = ModelVersion.objects.create(
        study=study,
        name="Qwen/Qwen2-dpo-r1-abcdef",
        kind=model.kind,
        parent=model.parent,
        path=model.path,
        sha256=model.sha256,
    )
    for number, name in enumerate((child.name, f"{study.slug}/{child.name}")):
        call_command("export_model", name, str(tmp_path / str(number)))
        assert "README.md" in names_in(tmp_path / str(number))


def test_the_command_names_models_and_says_what_is_wrong(
    study: Study, model: ModelVersion, tmp_path: Path
) -> None:
    said = io.StringIO()
    for number, name in enumerate((model.name, f"{study.slug}/{model.name}", str(model.id))):
        call_command("export_model", name, str(tmp_path / str(number)), stdout=said)
        assert names_in(tmp_path / str(number)) == ADAPTER | TOKENIZER | PAPERS
    assert said.getvalue().count("Wrote") == 3
    for arguments, sentence in (
        (["nothing", str(tmp_path / "x")], "no model called nothing"),
        ([model.name, str(tmp_path / "0")], "not an empty folder"),
        ([model.name], "Name a new folder"),
        ([EMBEDDED_NAME, str(tmp_path / "x")], "not trained here"),
    ):
        with pytest.raises(CommandError, match=sentence):
            call_command("export_model", *arguments)
    auditor = staff(study, Role.AUDITOR).user
    with pytest.raises(CommandError, match="Your role"):
        call_command("export_model", model.name, str(tmp_path / "x"), "--as", auditor.email)
