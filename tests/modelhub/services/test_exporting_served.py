"""A real model is trained, exported, merged, served, and generates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codesign.shared.actors import SYSTEM
from modelhub.engine.libraries import quiet
from modelhub.queries.training import KIND
from modelhub.rules.states import TrainingState
from modelhub.services import exporting, training
from modelhub.services.versions import ensure_embedded_model
from tests.factories.modelhub import frozen_release
from tests.factories.studies import StudyFactory
from tests.support import jobs
from tests.support.engine_release import pair, write_release
from tests.support.transformers_server import serving

PROMPTS = ["I cannot sleep.", "My hands shake before work.", "Nobody writes back to me."]
SYSTEM_MESSAGE = "Be kind."
TOKENS = 32


def conversation(prompt: str) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": SYSTEM_MESSAGE},
        {"role": "user", "content": prompt},
    ]


def compared(base: Path, adapter: Path) -> list[str]:
    """Greedy texts in fp32 with the adapter beside the weights, as the training left it."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    with quiet():
        model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        model = PeftModel.from_pretrained(model, adapter).eval()
    texts = []
    for prompt in PROMPTS:
        inputs = tokenizer.apply_chat_template(
            conversation(prompt), add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        with torch.inference_mode():
            out = model.generate(**inputs, do_sample=False, max_new_tokens=TOKENS)
        row = out[0, inputs["input_ids"].shape[1] :]
        texts.append(tokenizer.decode(row, skip_special_tokens=True))
    return texts


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_trained_model_is_exported_merged_served_and_writes_the_same_texts(
    settings: Any, tmp_path: Path, embedded_model: Path
) -> None:
    settings.MODELS_DIR, settings.RELEASES_DIR = tmp_path / "models", tmp_path / "releases"
    settings.MODELS_DIR.mkdir()
    settings.RELEASES_DIR.mkdir()
    (settings.MODELS_DIR / embedded_model.name).symlink_to(embedded_model)
    run = training.request_training(
        actor=SYSTEM,
        release=frozen_release(StudyFactory.create()),
        base=ensure_embedded_model(),
        method="dpo",
        params={"max_steps": 4, "batch_size": 2, "learning_rate": 1e-3},
    )
    rows = [pair(number) for number in range(4)]
    write_release(settings.RELEASES_DIR / str(run.release_id), preference={"train": rows})
    jobs.run(KIND, run.id)
    run.refresh_from_db()
    assert (run.state, run.error) == (TrainingState.DONE, "")
    model = run.model_version
    exporting.export_to(actor=SYSTEM, version=model, into=tmp_path / "merged", merge=True)
    with serving(tmp_path / "merged", tmp_path / "serve.log") as server:
        served = [server.reply(conversation(prompt), most=TOKENS) for prompt in PROMPTS]
    texts = compared(embedded_model, settings.MODELS_DIR / model.path)
    assert len(set(texts)) == len(PROMPTS)
    assert served == texts
