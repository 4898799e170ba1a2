"""One function per training method, which builds the library's trainer for a prepared job.

Weights stay in fp32 without autocast. Most LoRA updates are smaller than the distance between two
bf16 numbers and would be rounded away: after six steps, fp32 had three times the reward margin of
bf16, in 1.6 times the time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelhub.engine.errors import EngineError
from modelhub.engine.spec import TrainSpec

DEFAULT_LORA_R = 8


@dataclass(frozen=True)
class Job:
    """The input of every method. `model` includes the parent adapter if there is one."""

    spec: TrainSpec
    model: Any
    tokenizer: Any
    dataset: Any
    callbacks: list[Any]
    checkpoints: Path


def dpo(job: Job) -> Any:
    """Train on preference pairs, with the untrained model or the parent adapter as reference."""
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    args = DPOConfig(**_arguments(job, beta=job.spec.params.beta))
    return DPOTrainer(args=args, **_trainer(job))


def sft(job: Job) -> Any:
    """Train on example responses. Only the tokens of responses count, not those of prompts."""
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    return SFTTrainer(args=SFTConfig(**_arguments(job)), **_trainer(job))


def kto(job: Job) -> Any:
    """Train on responses rated good or bad, weighted so that both kinds have equal influence."""
    from trl.trainer.kto_config import KTOConfig
    from trl.trainer.kto_trainer import KTOTrainer

    labels = job.dataset["label"]
    good, bad = sum(labels), len(labels) - sum(labels)
    weights = {
        "desirable_weight": max(1.0, bad / good),
        "undesirable_weight": max(1.0, good / bad),
    }
    args = KTOConfig(**_arguments(job, beta=job.spec.params.beta, **weights))
    return KTOTrainer(args=args, **_trainer(job))


def reward(job: Job) -> Any:
    """Train a reward model on pairs. Its new scoring layer is saved with the adapter."""
    from trl.trainer.reward_config import RewardConfig
    from trl.trainer.reward_trainer import RewardTrainer

    return RewardTrainer(args=RewardConfig(**_arguments(job)), **_trainer(job))


METHODS: dict[str, Callable[[Job], Any]] = {"dpo": dpo, "sft": sft, "kto": kto, "reward": reward}


def load_for_training(spec: TrainSpec) -> tuple[Any, Any]:
    """Return the base model in fp32, with the parent adapter if there is one, and the tokenizer."""
    import torch
    from transformers import (
        AutoModelForCausalLM,
        AutoModelForSequenceClassification,
        AutoTokenizer,
        set_seed,
    )

    local: dict[str, Any] = {"local_files_only": True}
    tokenizer: Any = AutoTokenizer.from_pretrained(spec.base_dir, **local)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    kind: Any = AutoModelForCausalLM
    if spec.method == "reward":
        kind, local = AutoModelForSequenceClassification, {**local, "num_labels": 1}
    set_seed(spec.seed)  # a new scoring layer has random weights
    model = kind.from_pretrained(spec.base_dir, dtype=torch.float32, **local)
    if spec.adapter_parent is not None:
        model = _with_parent(model, spec, spec.adapter_parent)
    return model, tokenizer


def _with_parent(model: Any, spec: TrainSpec, parent: Path) -> Any:
    from peft import PeftConfig, PeftModel

    rank = getattr(PeftConfig.from_pretrained(str(parent)), "r", None)
    if spec.params.lora_r not in {None, rank}:
        raise EngineError(f"The parent adapter has LoRA rank {rank}; do not set another rank.")
    return PeftModel.from_pretrained(model, parent, is_trainable=True)


def _arguments(job: Job, **own: Any) -> dict[str, Any]:
    """Return the arguments of all trainers. TRL's defaults recompute activations and use bf16."""
    import torch

    params = job.spec.params
    return {
        "output_dir": str(job.checkpoints),
        "learning_rate": params.learning_rate,
        "max_steps": params.max_steps or -1,
        "num_train_epochs": params.epochs or 1,
        "per_device_train_batch_size": params.batch_size,
        # Metrics are means over batches; with batches of one record, over records.
        "per_device_eval_batch_size": params.batch_size if job.spec.method == "kto" else 1,
        "gradient_accumulation_steps": params.gradient_accumulation,
        "max_length": params.max_length,
        "seed": job.spec.seed,
        "use_cpu": not torch.cuda.is_available(),
        "bf16": False,
        "gradient_checkpointing": False,
        "dataloader_pin_memory": False,
        "report_to": "none",
        "save_strategy": "steps",
        "save_steps": job.spec.checkpoint_steps,
        "save_total_limit": 2,
        "logging_steps": 1,
        "disable_tqdm": True,
        **own,
    }


def _trainer(job: Job) -> dict[str, Any]:
    from peft import LoraConfig

    config = None
    if job.spec.adapter_parent is None:
        rank = job.spec.params.lora_r or DEFAULT_LORA_R
        scores = job.spec.method == "reward"
        config = LoraConfig(
            r=rank,
            lora_alpha=2 * rank,
            target_modules="all-linear",
            task_type="SEQ_CLS" if scores else "CAUSAL_LM",
            modules_to_save=["score"] if scores else None,
        )
    return {
        "model": job.model,
        "train_dataset": job.dataset,
        "processing_class": job.tokenizer,
        "peft_config": config,
        "callbacks": job.callbacks,
    }
