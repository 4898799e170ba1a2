"""One function per training method, which builds the library's trainer for a prepared job.

On a CPU, weights stay in fp32 without autocast. Most LoRA updates are smaller than the distance
between two bf16 numbers and would be rounded away: after six steps, fp32 had three times the reward
margin of bf16, in 1.6 times the time. `precision` says what GPUs do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelhub.engine.errors import EngineError
from modelhub.engine.precision import Precision, precision_for
from modelhub.engine.sentences import first_line
from modelhub.engine.spec import TrainSpec

DEFAULT_LORA_R = 8


@dataclass(frozen=True)
class Job:
    """The input of every method. `model` includes the parent adapter if there is one.

    `curve` are the validation records that are measured while the model trains, or None.
    """

    spec: TrainSpec
    model: Any
    tokenizer: Any
    precision: Precision
    dataset: Any
    curve: Any
    callbacks: list[Any]
    checkpoints: Path
    resumed: bool = False


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


def load_for_training(spec: TrainSpec) -> tuple[Any, Any, Precision]:
    """Return the base model, with the parent adapter if there is one, its tokenizer and types.

    Raises EngineError if the base has no chat template that writes conversations.
    """
    from transformers import (
        AutoModelForCausalLM,
        AutoModelForSequenceClassification,
        AutoTokenizer,
        set_seed,
    )

    local: dict[str, Any] = {"local_files_only": True}
    tokenizer: Any = AutoTokenizer.from_pretrained(spec.base_dir, **local)
    check_template(tokenizer)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    kind: Any = AutoModelForCausalLM
    if spec.method == "reward":
        kind, local = AutoModelForSequenceClassification, {**local, "num_labels": 1}
    set_seed(spec.seed)  # a new scoring layer has random weights
    precision = precision_for(spec.base_dir)
    model = kind.from_pretrained(spec.base_dir, dtype=precision.weights, **local)
    if model.config.pad_token_id is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    if spec.adapter_parent is not None:
        model = _with_parent(model, spec, spec.adapter_parent)
    return model, tokenizer, precision


def check_template(tokenizer: Any) -> None:
    """Raise EngineError unless the chat template writes a conversation with a reply."""
    from jinja2 import TemplateError

    if not tokenizer.chat_template:
        raise EngineError(
            "This model has no chat template, so conversations cannot be written for it. Choose a "
            "model that was tuned for conversations, or add a chat template to its tokenizer."
        )
    turns = [{"role": role, "content": "Text."} for role in ("user", "assistant")]
    try:
        tokenizer.apply_chat_template(turns, tokenize=False)
    except TemplateError as error:
        raise EngineError(f"The chat template of this model fails: {first_line(error)}") from error


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
        "bf16": job.precision.autocast,
        "gradient_checkpointing": False,
        "dataloader_pin_memory": False,
        "ddp_find_unused_parameters": False,
        "report_to": "none",
        "save_strategy": "steps",
        "save_steps": job.spec.checkpoint_steps,
        "save_total_limit": 2,
        "logging_steps": 1,
        "eval_on_start": job.curve is not None and not job.resumed,
        "disable_tqdm": True,
        **own,
    }


def _trainer(job: Job) -> dict[str, Any]:
    return {
        "model": job.model,
        "train_dataset": job.dataset,
        "eval_dataset": job.curve,
        "processing_class": job.tokenizer,
        "peft_config": None if job.spec.adapter_parent else lora_for(job.model, job.spec),
        "callbacks": job.callbacks,
    }


def lora_for(model: Any, spec: TrainSpec) -> Any:
    """Return the settings of a new adapter: on every linear layer, whatever the architecture.

    The vocabulary's layer is left out. GPT-2 and its kin store their linear layers transposed.
    """
    from peft import LoraConfig
    from transformers.pytorch_utils import Conv1D

    rank = spec.params.lora_r or DEFAULT_LORA_R
    scores = spec.method == "reward"
    return LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        target_modules="all-linear",
        fan_in_fan_out=any(isinstance(layer, Conv1D) for layer in model.modules()),
        task_type="SEQ_CLS" if scores else "CAUSAL_LM",
        modules_to_save=["score"] if scores else None,
    )
