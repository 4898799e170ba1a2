"""A release goes into a trainer as it is, and says which model wrote what."""

from __future__ import annotations

import math
from importlib import import_module
from pathlib import Path

import pytest

from annotations.registry import ModelName
from modelhub.engine.libraries import quiet
from modelhub.models import ModelVersion, Source
from modelhub.queries.sources import names_of
from modelhub.rules.states import ModelKind
from tests.support.release_files import twelve_prompts
from tests.support.release_study import Story, release, rows
from tests.support.snapshots import built


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "method"), [("preference", "dpo"), ("unpaired_preference", "kto")]
)
def test_trl_takes_a_config_untouched(
    tmp_path: Path, embedded_model: Path, config: str, method: str
) -> None:
    """`load_dataset`, then TRL's trainer with LoRA on the real model, for one step."""
    built(twelve_prompts(), tmp_path / "release")
    with quiet():
        from datasets import load_dataset
        from peft import LoraConfig
        from transformers import AutoModelForCausalLM, AutoTokenizer

        name = method.upper()
        arguments = getattr(import_module(f"trl.trainer.{method}_config"), f"{name}Config")
        trainer_of = getattr(import_module(f"trl.trainer.{method}_trainer"), f"{name}Trainer")
        data = load_dataset(str(tmp_path / "release"), config, cache_dir=str(tmp_path / "cache"))
        trainer = trainer_of(
            model=AutoModelForCausalLM.from_pretrained(str(embedded_model)),
            processing_class=AutoTokenizer.from_pretrained(str(embedded_model)),
            train_dataset=data["train"],
            peft_config=LoraConfig(r=2, task_type="CAUSAL_LM"),
            args=arguments(
                output_dir=str(tmp_path / "out"),
                max_steps=1,
                per_device_train_batch_size=2,
                use_cpu=True,
                bf16=False,
                gradient_checkpointing=False,
                report_to="none",
                disable_tqdm=True,
                save_strategy="no",
            ),
        )
        done = trainer.train()
    assert done.global_step == 1
    assert math.isfinite(done.training_loss)


@pytest.mark.django_db
def test_a_release_names_the_models_that_the_judging_never_saw() -> None:
    """standards 1.6: hidden while judging, told in the dataset card."""
    story = Story()
    version = ModelVersion.objects.create(
        study=story.study, name="Made-up model 7", kind=ModelKind.IMPORTED
    )
    named = Source.objects.create(study=story.study, model_version=version)
    unnamed = Source.objects.create(study=story.study)
    assert names_of([named.id, unnamed.id]) == {
        named.id: ModelName(id=str(version.id), name="Made-up model 7")
    }
    story.source = named.id
    story.judge(story.member(), story.prompt())
    made = release(story.study)
    assert made.manifest["models"] == [{"id": str(version.id), "name": "Made-up model 7"}]
    for row in rows(made, "judgements"):
        assert row["model_version_id"] == str(version.id)
        assert str(named.id) not in str(row)
