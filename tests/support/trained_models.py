"""Trained models with real files: a small base in the place of the embedded one, and adapters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from annotations.models import DatasetRelease
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from modelhub.engine.libraries import quiet
from modelhub.engine.weights import EMBEDDED_NAME, sha256_of_folder
from modelhub.models import ModelVersion
from modelhub.queries.training import KIND
from modelhub.rules.states import ModelKind
from modelhub.services import training
from modelhub.services.versions import ensure_embedded_model
from tests.factories.modelhub import frozen_release
from tests.support import jobs
from tests.support.small_model import small_model

HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
PAPERS = {"README.md", "lineage.json", "LICENSE", "base-LICENSE"}
TOKENIZER = {
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "generation_config.json",
}
ADAPTER = {"adapter_config.json", "adapter_model.safetensors"}
"""Names of the files of an export."""
CARD = "---\nbase_model: old\n---\n\n# A small model\n\nA card of a test.\n"
MANIFEST = {
    "rows": {"preference": {"train": 4}, "sft": {}, "unpaired_preference": {"train": 4}},
    "judgements": 31,
    "people": {"panel": {"role": "panelist", "people": 7}},
    "consent_versions": ["3 (en)"],
}


def small_base(models: Path, like: Path) -> Path:
    """Put a small model where the embedded one is converted to."""
    base = small_model(models / EMBEDDED_NAME, like)
    sizes = {file.name: file.stat().st_size for file in base.iterdir()}
    (base / "conversion.json").write_text(json.dumps({"sizes": sizes}))
    return base


def small_adapter(folder: Path, base: Path, *, scores: bool = False, strength: float = 0.2) -> str:
    """Save an adapter that changes what the base writes; return the hash of its folder."""
    with quiet():
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

        kind: Any = AutoModelForSequenceClassification if scores else AutoModelForCausalLM
        torch.manual_seed(3)
        more = {"num_labels": 1} if scores else {}
        model = kind.from_pretrained(base, dtype=torch.float32, **more)
        config = LoraConfig(
            r=4,
            lora_alpha=8,
            target_modules="all-linear",
            task_type="SEQ_CLS" if scores else "CAUSAL_LM",
            modules_to_save=["score"] if scores else None,
        )
        adapted: Any = get_peft_model(model, config)
        for name, weights in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weights, std=strength)
        settings = adapted.peft_config["default"]
        settings.base_model_name_or_path = "a name of an earlier version"
        settings.target_modules = sorted(settings.target_modules)
        adapted.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").write_text(CARD)
    return sha256_of_folder(folder)


def model_of_bytes(study: Study, models: Path, **values: Any) -> ModelVersion:
    """A trained model whose files no library can load, for doors that only hand files out."""
    name = values.pop("name", "of bytes")
    base, adapter = ensure_embedded_model(), models / "adapters" / name
    (models / base.path).mkdir(parents=True, exist_ok=True)
    (models / base.path / "tokenizer.json").write_text("{}")
    adapter.mkdir(parents=True)
    (adapter / "adapter_model.safetensors").write_bytes(bytes(range(256)) * 40)
    (adapter / "adapter_config.json").write_text("{}")
    (adapter / "README.md").write_text(CARD)
    return ModelVersion.objects.create(
        study=study,
        name=name,
        kind=ModelKind.ADAPTER,
        path=f"adapters/{name}",
        sha256=sha256_of_folder(adapter),
        **{"parent": base} | values,
    )


def trained_model(
    study: Study, models: Path, *, method: str = "dpo", release: DatasetRelease | None = None
) -> ModelVersion:
    """A model that a run made, with its files. The small base is there already."""
    release = release or training_release(study)
    run = training.request_training(
        actor=SYSTEM, release=release, base=ensure_embedded_model(), method=method
    )
    path = f"adapters/{run.id}/adapter"
    sha256 = small_adapter(models / path, models / EMBEDDED_NAME, scores=method == "reward")
    with jobs.claimed(KIND, run.id) as work:
        return training.finish(work=work, path=path, sha256=sha256, metrics={})


def training_release(study: Study) -> DatasetRelease:
    """A frozen release for training, with a manifest."""
    release = frozen_release(study, state="building")
    release.manifest, release.manifest_sha256 = MANIFEST, "ab" * 32
    release.state = "frozen"
    release.save(update_fields=["manifest", "manifest_sha256", "state"])
    return release


def names_in(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
