"""Writes a trained model as a folder that transformers loads without PEFT.

The adapter is merged and saved in fp32. Rounding the result to bf16 gives the model that generation
uses on processors that compute bf16 (decisions 7 and 45).
"""

from pathlib import Path
from typing import Any

from modelhub.engine.errors import EngineError
from modelhub.engine.libraries import quiet


def merge_into(target: Path, *, base: Path, adapter: Path, scores: bool) -> None:
    """Save the base model with the adapter merged, and its tokenizer, in `target`.

    `scores` is whether the adapter belongs to a reward model, which has a scoring layer instead of
    a vocabulary. Raises EngineError if the adapter does not fit the base.
    """
    with quiet():
        import torch
        from peft import PeftModel
        from transformers import (
            AutoModelForCausalLM,
            AutoModelForSequenceClassification,
            AutoTokenizer,
        )

        local: dict[str, Any] = {"local_files_only": True, "dtype": torch.float32}
        kind: Any = AutoModelForCausalLM
        if scores:
            kind, local = AutoModelForSequenceClassification, {**local, "num_labels": 1}
        model: Any = kind.from_pretrained(base, **local)
        try:
            model = PeftModel.from_pretrained(model, adapter).merge_and_unload(safe_merge=True)
        except (ValueError, RuntimeError, KeyError) as error:
            raise EngineError("The adapter does not fit its base model.") from error
        tokenizer: Any = AutoTokenizer.from_pretrained(base, local_files_only=True)
        if scores and model.config.pad_token_id is None:
            model.config.pad_token_id = tokenizer.pad_token_id or tokenizer.eos_token_id
        model.config._name_or_path = ""  # otherwise a folder of this server
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
