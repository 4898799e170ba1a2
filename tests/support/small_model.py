"""Models that load and train in a second, for tests of checks and of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


WORDS = ("I", "cannot", "sleep", ".", "you", "are", "not", "alone", "Reply", "kindly", "Hello")
TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|> {{ message.content }} <|end|> "
    "{% endfor %}{% if add_generation_prompt %}<|assistant|> {% endif %}"
)
WITHOUT_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
)


def made_up_model(folder: Path, *, template: str = TEMPLATE, hidden: int = 32) -> Path:
    """Save a model of eleven words, with a tokenizer of its own; needs no other model."""
    with quiet():
        import torch
        from tokenizers import Tokenizer
        from tokenizers.models import WordLevel
        from tokenizers.pre_tokenizers import WhitespaceSplit
        from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

        special = ["<unk>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]
        words = {word: place for place, word in enumerate([*special, *WORDS])}
        plain = Tokenizer(WordLevel(words, unk_token="<unk>"))
        plain.pre_tokenizer = WhitespaceSplit()
        fast: Any = PreTrainedTokenizerFast
        tokenizer = fast(
            tokenizer_object=plain, unk_token="<unk>", eos_token="<|end|>", pad_token="<|end|>"
        )
        tokenizer.chat_template = template
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=len(words),
            hidden_size=hidden,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=128,
            eos_token_id=words["<|end|>"],
            pad_token_id=words["<|end|>"],
            tie_word_embeddings=False,
        )
        LlamaForCausalLM(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def made_up_adapter(folder: Path, base: Path, *, layers: tuple[str, ...] = ("q_proj",)) -> Path:
    """Save a LoRA adapter of rank 4 on a base."""
    with quiet():
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(base)
        config = LoraConfig(r=4, target_modules=list(layers), task_type="CAUSAL_LM")
        get_peft_model(model, config).save_pretrained(str(folder))
    return folder
