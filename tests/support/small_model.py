"""A model that trains in a second, for tests of how a run goes and ends."""

from __future__ import annotations

from pathlib import Path

from modelhub.engine.libraries import quiet

NARROW = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 32,
}


def small_model(folder: Path, like: Path) -> Path:
    """Save a model with the tokenizer and architecture of another one, but two narrow layers."""
    with quiet():
        import torch
        from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM

        torch.manual_seed(0)
        config = LlamaConfig.from_pretrained(like)
        config.update(NARROW)
        model = LlamaForCausalLM(config)
        model.generation_config = GenerationConfig.from_pretrained(like)
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(like).save_pretrained(folder)
    return folder
