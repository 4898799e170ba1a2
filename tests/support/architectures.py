"""Small models of several architectures, with the tokenizer of another model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from modelhub.engine.libraries import quiet

NARROW = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 64}
GATED = NARROW | {"intermediate_size": 128, "num_key_value_heads": 1, "head_dim": 32}
SIZES: dict[str, dict[str, Any]] = {
    "llama": GATED,
    "qwen2": GATED,
    "gemma": GATED,
    "gpt_neox": NARROW | {"intermediate_size": 128},
    "gpt2": {"n_layer": 2, "n_head": 2, "n_embd": 64},
}
ARCHITECTURES = tuple(SIZES)


def model_of(architecture: str, folder: Path, tokenizer_of: Path) -> Path:
    """Save a small model of an architecture; its weights are random."""
    with quiet():
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

        torch.manual_seed(0)
        tokenizer: Any = AutoTokenizer.from_pretrained(tokenizer_of)
        config = AutoConfig.for_model(
            architecture,
            vocab_size=len(tokenizer),
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            **SIZES[architecture],
        )
        kind: Any = AutoModelForCausalLM
        model = kind.from_config(config)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def without_template(folder: Path) -> Path:
    """Remove the chat template of a saved model."""
    (folder / "chat_template.jinja").unlink()
    return folder


def with_template(folder: Path, template: str) -> Path:
    """Give a saved model another chat template."""
    (folder / "chat_template.jinja").write_text(template)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    assert "chat_template" not in config
    return folder
